// Where things are at the receiver, and how lists are walked.

import type { Connection } from './connection.ts';
import { type Outgoing, send } from './requests.ts';

export const EXECUTIONS = '/v1/executions';

type Parameter = string | number | Date | undefined;

/** @throws {TypeError} for an id that would lead elsewhere. */
export function pathOf(id: string, folder = EXECUTIONS): string {
  if (/^\.{0,2}$/.test(id)) throw new TypeError(`"${id}" is no id`);
  return `${folder}/${encodeURIComponent(id)}`;
}

/** A GET: it changes nothing, so it may be sent as often as it takes. */
export function reading(path: string): Outgoing {
  return { method: 'GET', path, retry: 'always' };
}

/** Every item of a list, page after page. */
export async function* pages<T>(
  connection: Connection,
  path: string,
  filters: { readonly [name: string]: Parameter },
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined) query.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  for (;;) {
    const outgoing = { ...reading(query.size === 0 ? path : `${path}?${query}`), signal };
    const { items, nextCursor } = await send<{ items: T[]; nextCursor: string | null }>(connection, outgoing);
    yield* items;
    if (nextCursor === null) return;
    query.set('cursor', nextCursor);
  }
}
