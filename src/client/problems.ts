// Reads the receiver's refusals (RFC 9457), and knows those that are not the receiver's.

import { type Handles, ReceiverError } from './errors.ts';
import type { Problem, ProblemName } from './types.ts';

const PREFIX = 'urn:cxone-callback-receiver:problem:';

/** What an answer that is no success says. `now` is what a date in Retry-After is held against. */
export function whatItSaid(response: Response, text: string, now: number, about: Handles = {}): ReceiverError {
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), now);
  const problem = problemIn(text);
  if (problem === null) return unexpected(response.status, { retryAfterMs, ...about });
  const { type, title, detail, errors = [] } = problem;
  const said = { code: nameOf(problem), status: response.status, type, title, detail, errors, problem };
  return new ReceiverError({ ...said, retryAfterMs, ...about });
}

/** Something else answered, such as a proxy; its words are not repeated. */
export function unexpected(
  status: number,
  more: Handles & { readonly retryAfterMs?: number | null; readonly cause?: unknown },
): ReceiverError {
  const detail = `HTTP status ${status} without an answer of the receiver's; check the base URL and what stands in front of it`;
  return new ReceiverError({ code: 'unexpected-answer', title: 'This is not the receiver', detail, status, ...more });
}

/** The part of the type by which this client knows problems; a newer receiver may have others. */
function nameOf({ type }: Problem): ProblemName {
  return type.slice(PREFIX.length) as ProblemName;
}

function problemIn(text: string): Problem | null {
  try {
    const value: Problem | null = JSON.parse(text);
    return typeof value?.type === 'string' && value.type.startsWith(PREFIX) ? value : null;
  } catch {
    return null;
  }
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
