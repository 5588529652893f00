// The response bodies of the simulated CXone.

import type { Said } from './callback-bodies.ts';
import type { PostFate } from './history.ts';
import type { Carriage, Reply } from './network.ts';

/** The pause that CXone asks for, in seconds. */
const RETRY_AFTER: Record<number, string> = { 429: '7', 503: '2' };

export function json(status: number, body: object): Reply {
  const pause = RETRY_AFTER[status];
  const headers = { 'content-type': 'application/json', ...(pause === undefined ? {} : { 'retry-after': pause }) };
  return { status, body: JSON.stringify(body), headers };
}

export function webPage(words: string): Reply {
  return { status: 200, body: `<html>${words}</html>` };
}

/** The status at the start of a fate; null without one. */
export function statusIn(fate: string | null): number | null {
  return fate !== null && /^\d/.test(fate) ? Number.parseInt(fate, 10) : null;
}

/** The response to a POST that CXone accepted. */
export function acceptance(fate: PostFate, executionId: string, outcome: Said): Reply {
  const pending = json(202, { executionId, status: 'PENDING' });
  switch (fate) {
    case 'accept with the outcome':
      return json(200, { executionId, ...outcome });
    case 'accept without id':
      return json(202, { status: 'PENDING' });
    case 'accept, answer cut off':
      return { ...pending, cut: true };
    case 'accept with a web page':
      return webPage('Welcome');
    case '500 ran':
    case '502 ran':
      return json(statusIn(fate) ?? 500, {});
    case 'redirect ran':
      return { status: 307, body: '', headers: { location: 'https://elsewhere.example/' } };
    default:
      return pending;
  }
}

const CARRIAGES: readonly string[] = [
  'connection refused',
  'name not found',
  'reset before sending',
  'reset, lost',
  'reset, ran',
  'hang, lost',
  'hang, ran',
] satisfies Carriage[];

/** The effect of a fate on the network; null when CXone itself responds. */
export function carriageOf(fate: string | null): Carriage | null {
  if (fate === 'reset') return 'reset, ran';
  if (fate === 'hang') return 'hang, ran';
  return fate !== null && CARRIAGES.includes(fate) ? (fate as Carriage) : null;
}
