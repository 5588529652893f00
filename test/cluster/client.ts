// A client that submits all the time, and keeps a journal of what was acknowledged.

import { Agent, fetch } from 'undici';
import { onTestFinished } from 'vitest';

const CALLERS = 4;
/** Pause of a caller between two submissions, and before it repeats one. */
const PAUSE_MS = 20;

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
  submit(): Journal;
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
    submit: () => {
      const acknowledged: string[] = [];
      let ended = false;
      let wake = () => {};
      const caller = async (name: number) => {
        for (let n = 0; !ended; n += 1) {
          const correlationId = `load-${name}-${n}`;
          const fate = n % 4 === 3 ? 'lost-callback' : 'callback';
          const body = { correlationId, actionId: 'charge', inputs: { simulate: { fate } }, timeoutSeconds: 20 };
          // The same submission until it is acknowledged.
          while ((await call('/v1/executions', body).catch(() => null)) === null) await pause();
          acknowledged.push(correlationId);
          wake();
          await pause();
        }
      };
      const callers = Array.from({ length: CALLERS }, (_, name) => caller(name));
      return {
        acknowledged,
        more: async (count) => {
          const goal = acknowledged.length + count;
          while (acknowledged.length < goal) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        },
        end: async () => {
          ended = true;
          await Promise.all(callers);
        },
      };
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
}
