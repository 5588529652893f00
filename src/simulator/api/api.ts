// What the APIs that run things have in common: how they are called, what they take for an order, and how they tell how it stands.

import type { Context } from 'hono';
import type { Json, JsonObject } from '../../execution/json.ts';
import type { SimulatorEnv } from '../answers.ts';
import type { Run } from '../run.ts';
import type { SubmitStep } from '../script.ts';

/** What was asked to run, as far as it matters here. */
export interface ActionRequest {
  readonly inputs: JsonObject;
  /** Null: nobody is called back. */
  readonly callbackUrl: string | null;
}

export interface Api {
  readonly executePath: string;
  /** Null: nothing can be asked. */
  readonly pollPath: string | null;
  /** Scopes that a call needs. */
  readonly scopes: { readonly execute: string | null; readonly poll: string | null };
  /** Where an error answer has its words. */
  readonly errorMember: string;
  /** Polls of one execution that come closer together are refused with 429, in milliseconds. */
  readonly minPollMs: number;
  /** What it is that shall run, before anything is checked. */
  actionOf(c: Context<SimulatorEnv>): Promise<string>;
  /** The order, or what is wrong with it. */
  read(c: Context<SimulatorEnv>): Promise<ActionRequest | string>;
  /** The 2xx to an order; `run` is undefined when nothing runs. */
  accepted(step: SubmitStep, status: number, run: Run | undefined): Response;
  /** Whether a poll may ask for this run in this way. */
  isAbout(c: Context<SimulatorEnv>, run: Run): boolean;
  currentStatus(run: Run, now: number): Json;
}

export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '');
}
