// A client that submits all the time, and keeps a journal of what was acknowledged.

import { Agent, fetch } from 'undici';
import { onTestFinished } from 'vitest';
import type { Dice } from '../../src/simulator/dice.ts';
import { happens } from './budget.ts';

const CALLERS = 4;
/** Pause of a caller between two submissions, and before it repeats one. */
const PAUSE_MS = 20;
const LOST_CALLBACKS = 0.25;

export interface Journal {
  /** The ids of the acknowledged submissions so far. */
  readonly acknowledged: readonly string[];
  /** Resolves when this many more were acknowledged. */
  more(count: number): Promise<void>;
  /** Ends the load. Resolves when every submission that was begun is acknowledged. */
  end(): Promise<void>;
}

export interface App {
  get(path: string): Promise<unknown>;
  /** Submits from now on, until the journal is ended. */
  submit(dice: Dice): Journal;
}

/** @param url the load balancer */
export function createApp(url: string, key: string): App {
  const dispatcher = new Agent();
  onTestFinished(() => dispatcher.destroy());
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

  async function call(path: string, body?: object): Promise<unknown> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(url + path, { ...init, headers, dispatcher, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} ${response.status} ${text}`);
    return JSON.parse(text);
  }

  return {
    get: (path) => call(path),
    submit: (dice) => {
      const acknowledged: string[] = [];
      let hasEnded = false;
      let isAbandoned = false;
      let lastFailure = 'none';
      let wake = () => {};

      /** Repeats the same submission until it is acknowledged. */
      async function acknowledge(body: object): Promise<boolean> {
        while (!isAbandoned) {
          try {
            await call('/v1/executions', body);
            return true;
          } catch (error) {
            lastFailure = `${new Date().toISOString()} ${error instanceof Error ? error.message : error}`;
          }
          await pause();
        }
        return false;
      }

      async function caller(name: number): Promise<void> {
        for (let n = 0; !hasEnded && !isAbandoned; n += 1) {
          const correlationId = `load-${name}-${n}`;
          const fate = dice.roll(correlationId) < LOST_CALLBACKS ? 'lost-callback' : 'callback';
          const body = { correlationId, actionId: 'charge', inputs: { simulate: { fate } }, timeoutSeconds: 20 };
          if (await acknowledge(body)) acknowledged.push(correlationId);
          wake();
          await pause();
        }
      }

      const callers = Array.from({ length: CALLERS }, (_, name) => caller(name));
      onTestFinished(async () => {
        isAbandoned = true;
        await Promise.all(callers);
      });
      const known = () => `Acknowledged so far: ${acknowledged.length}; last failure of a submission: ${lastFailure}`;
      async function reach(goal: number): Promise<void> {
        while (acknowledged.length < goal) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      return {
        acknowledged,
        more: (count) => happens(`${count} more acknowledgements`, reach(acknowledged.length + count), known),
        end: async () => {
          hasEnded = true;
          await happens('the acknowledgement of what was begun', Promise.all(callers), known);
        },
      };
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
}
