// The interface of the APIs that run actions: their paths and scopes, their requests, and their status responses.

import type { Context } from 'hono';
import type { Json, JsonObject } from '../../execution/json.ts';
import type { SimulatorEnv } from '../responses.ts';
import type { Run, SubmitStep } from '../script.ts';

/** The parts of a submission that the simulator uses. */
export interface ActionRequest {
  readonly inputs: JsonObject;
  /** Null: no callback is sent. */
  readonly callbackUrl: string | null;
}

export interface Api {
  readonly executePath: string;
  /** Null: the API cannot be polled. */
  readonly pollPath: string | null;
  /** The scopes that a call needs. */
  readonly scopes: { readonly execute: string | null; readonly poll: string | null };
  /** The member that holds the message of an error response. */
  readonly errorMember: string;
  /** The least time between two polls of one execution, in milliseconds; a sooner poll gets 429. */
  readonly minPollMs: number;
  /** Returns the id of the action, before any check. */
  actionOf(c: Context<SimulatorEnv>): Promise<string>;
  /** Returns the request, or the reason why it is malformed. */
  read(c: Context<SimulatorEnv>): Promise<ActionRequest | string>;
  /** Returns the 2xx response to a submission; `run` is undefined if nothing runs. */
  accepted(step: SubmitStep, status: number, run: Run | undefined): Response;
  /** Returns whether the path of a poll matches the run. */
  isAbout(c: Context<SimulatorEnv>, run: Run): boolean;
  currentStatus(run: Run, now: number): Json;
}

export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:$/.test(URL.parse(value)?.protocol ?? '');
}
