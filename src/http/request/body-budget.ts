// Bounds the bytes of request bodies that are in memory at the same time: in all, and of each caller.

import type { PlainRequest } from '../fetch.ts';
import { problem } from '../response/problem.ts';
import { createResponseRoom } from '../response/response-room.ts';
import { MAX_BODY_BYTES } from './read-body.ts';

interface BudgetLimits {
  readonly totalBytes: number;
  /** Of one caller, so that no caller leaves nothing for the others. */
  readonly callerBytes: number;
}

export interface BodyBudget {
  /** Reserves room for a body until the returned function is called; null if there is none now. */
  reserve(caller: string, bytes: number): (() => void) | null;
}

export function createBodyBudget({ totalBytes, callerBytes }: BudgetLimits): BodyBudget {
  const byCaller = new Map<string, number>();
  let total = 0;
  const add = (caller: string, bytes: number) => {
    total += bytes;
    const own = (byCaller.get(caller) ?? 0) + bytes;
    if (own === 0) byCaller.delete(caller);
    else byCaller.set(caller, own);
  };
  return {
    reserve: (caller, bytes) => {
      // promise: bodies-in-flight-are-bounded
      if (total + bytes > totalBytes || (byCaller.get(caller) ?? 0) + bytes > callerBytes) return null;
      add(caller, bytes);
      let held = true;
      return () => {
        if (held) add(caller, -bytes);
        held = false;
      };
    },
  };
}

/** A batch always fits. */
const MIN_APP_BYTES = 10 * MAX_BODY_BYTES;
/** Of one execution: a callback URL that leaks must not take the room of all others. */
const CALLBACK_BYTES = 4 * MAX_BODY_BYTES;

/** Returns the budgets of a process. */
export function createBodies({ maxBodiesBytes, maxBodyValues }: BodyRules) {
  const callerBytes = Math.max(Math.floor(maxBodiesBytes / 2), MIN_APP_BYTES);
  return {
    ofApps: createBodyBudget({ totalBytes: maxBodiesBytes, callerBytes }),
    ofCallbacks: createBodyBudget({ totalBytes: maxBodiesBytes, callerBytes: CALLBACK_BYTES }),
    responses: createResponseRoom({ totalBytes: maxBodiesBytes, callerBytes }),
    maxValues: maxBodyValues,
  };
}

interface BodyRules {
  readonly maxBodiesBytes: number;
  readonly maxBodyValues: number;
}

/** Returns the bytes that a body may need: its declared length, or the limit for a chunked body. */
export function bytesOfBody({ headers }: Pick<PlainRequest, 'headers'>, limit: number): number {
  if (headers.has('transfer-encoding')) return limit;
  return Math.min(Number(headers.get('content-length') ?? 0), limit);
}

export function tooManyBodies(): Response {
  return problem(
    'too-many-bodies',
    'Too many large bodies are being received. Nothing was done. Send it again later.',
    {
      headers: { 'retry-after': '1' },
    },
  );
}
