// A CXone without a network: it returns the responses that a test sets, and records the requests.

import type {
  Cxone,
  LargeBodies,
  ParsedCallback,
  Permit,
  PollResponse,
  RequestKind,
  SubmitResponse,
} from '../../src/cxone/port.ts';
import type { Dispatchable, Execution } from '../../src/execution/execution.ts';
import { completed, RUNNING } from './executions.ts';

/** No body is large. */
export const NO_LARGE_BODIES: LargeBodies = {
  isLarge: () => false,
  parseCallback: async () => ({ type: 'callback-unreadable', reason: 'it is not large' }),
  prepareComparison: async () => {},
};

export interface FakeCxone extends Cxone {
  /** The response to each submission and poll from now on; may be changed at any time. */
  onExecute: (execution: Dispatchable) => Promise<SubmitResponse>;
  onPoll: (execution: Execution) => Promise<PollResponse>;
  onAuthorize: () => Promise<void>;
  /** The number of simultaneous permits; 0 allows no request. */
  limit: number;
  readonly executed: { execution: Dispatchable; callbackUrl: string }[];
  readonly polls: Execution[];
  readonly authorizations: number;
  /** Permits that are not yet released. */
  readonly permitsOut: number;
}

export const ACCEPTED: SubmitResponse = {
  type: 'submitted',
  executionId: 'cx-1',
  report: RUNNING,
  httpStatus: 202,
  latencyMs: 5,
};
export const RESET: SubmitResponse = {
  type: 'uncertain',
  httpStatus: 0,
  latencyMs: 5,
  message: 'connection reset',
  retryAfterMs: 0,
};
export const TOO_MANY: SubmitResponse = {
  type: 'unsent',
  httpStatus: 429,
  latencyMs: 5,
  message: 'too many requests',
  retryAfterMs: 20_000,
};
export const STILL_RUNNING: PollResponse = { type: 'polled', report: RUNNING, httpStatus: 200, latencyMs: 5 };
export const FOUND: PollResponse = { type: 'polled', report: completed('found'), httpStatus: 200, latencyMs: 5 };

/** A 404, which alone does not end an execution within five seconds. */
export const GONE: PollResponse = {
  type: 'not-found',
  httpStatus: 404,
  latencyMs: 5,
  message: 'gone',
  confirmAfterMs: 5_000,
  isNotYet: false,
};

export function createFakeCxone(): FakeCxone {
  let permitsOut = 0;
  const waiting = new Set<() => void>();

  /** Resolves when a permit is released, or the signal aborts. */
  function released(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => {
        waiting.delete(goOn);
        signal.removeEventListener('abort', goOn);
        resolve();
      };
      waiting.add(goOn);
      signal.addEventListener('abort', goOn);
    });
  }

  let authorizations = 0;
  const fake: FakeCxone = {
    onExecute: async () => ACCEPTED,
    onPoll: async () => STILL_RUNNING,
    onAuthorize: async () => {},
    limit: 100,
    largeBodies: NO_LARGE_BODIES,
    executed: [],
    polls: [],
    get authorizations() {
      return authorizations;
    },
    get permitsOut() {
      return permitsOut;
    },
    permits: async (_kind: RequestKind, max: number, signal: AbortSignal): Promise<Permit[]> => {
      while (fake.limit - permitsOut <= 0 && !signal.aborted) await released(signal);
      const count = Math.max(0, Math.min(max, fake.limit - permitsOut));
      permitsOut += count;
      const giveBack = () => {
        permitsOut -= 1;
        for (const goOn of waiting) goOn();
      };
      return Array.from({ length: count }, () => ({ release: giveBack, cancel: giveBack }));
    },
    authorize: () => {
      authorizations += 1;
      return fake.onAuthorize();
    },
    execute: (execution, callbackUrl) => {
      fake.executed.push({ execution, callbackUrl });
      return fake.onExecute(execution);
    },
    poll: (execution) => {
      fake.polls.push(execution);
      return fake.onPoll(execution);
    },
    unsupportedParts: () => [],
    scanCallback: () => ({ write: () => {}, end: async () => null }),
    parseResponse: async () => ({ report: completed() }),
    parseCallback: (): ParsedCallback => ({ type: 'callback', executionId: null, report: completed() }),
  };
  return fake;
}
