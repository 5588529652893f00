// Repeats a question until it has an answer.

import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
const MAX_MS = 300_000;

/** @throws {Error} when `find` returns null for five minutes. */
export async function eventually<T>(what: string, find: () => Promise<T | null>): Promise<T> {
  for (const late = Date.now() + MAX_MS; Date.now() < late; await sleep(POLL_MS)) {
    const found = await find();
    if (found !== null) return found;
  }
  throw new Error(`${what}: nothing after ${MAX_MS / 1000} s`);
}
