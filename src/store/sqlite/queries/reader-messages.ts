// The messages between the store and its reader thread, and errors as messages: a clone of an error would lose its class.

import Database from 'better-sqlite3';
import { StoreUnavailable } from '../../port.ts';
import type { LongReads } from './long-reads.ts';

export interface ReaderData {
  /** The real path of the database. */
  readonly file: string;
}

export type ReaderRequest =
  | { readonly type: 'read'; readonly id: number; readonly name: keyof LongReads; readonly input: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  /** Blocks the thread between two slices until the first element of `resumed` is 1. */
  | { readonly type: 'pause'; readonly resumed: Int32Array }
  /** Ends all reads, then the thread. */
  | { readonly type: 'close' };

export type ReaderReply =
  /** The database is open. */
  | { readonly type: 'ready' }
  /** No read has a transaction. */
  | { readonly type: 'paused' }
  | { readonly type: 'value'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorFacts };

export interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  /** Of an error of SQLite or Node. */
  readonly code: string | null;
}

export function factsOf(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: null };
  const { code } = error as { readonly code?: unknown };
  return { name: error.name, message: error.message, code: typeof code === 'string' ? code : null };
}

export function errorOf({ name, message, code }: ErrorFacts): Error {
  if (name === StoreUnavailable.name) return new StoreUnavailable(message);
  if (name === 'SqliteError' && code !== null) return new Database.SqliteError(message, code);
  return Object.assign(new Error(message), { name }, code === null ? {} : { code });
}
