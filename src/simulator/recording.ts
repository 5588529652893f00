// Reads a recording of a tenant (entries of an HTTP Archive, one per line or in one document) and groups it by execution.

import * as v from 'valibot';
import { matchRoute } from './match-route.ts';

const Header = v.object({ name: v.string(), value: v.string() });

const Entry = v.object({
  startedDateTime: v.pipe(v.string(), v.isoTimestamp('must be a time, for example 2026-11-22T16:00:00.000Z')),
  request: v.object({
    method: v.string(),
    url: v.pipe(v.string(), v.url('must be a URL')),
    postData: v.optional(v.object({ mimeType: v.string(), text: v.optional(v.string(), '') })),
  }),
  response: v.object({
    status: v.pipe(v.number(), v.integer()),
    headers: v.array(Header),
    content: v.object({ mimeType: v.string(), text: v.optional(v.string(), '') }),
  }),
  _call: v.picklist(
    ['execute', 'poll', 'callback', 'other'],
    'must be execute, poll, callback or other, as in the files of CXONE_RECORD_DIR',
  ),
  _route: v.optional(v.string(), ''),
  _executionId: v.nullish(v.string(), null),
  _reference: v.nullish(v.string(), null),
  _actionId: v.nullish(v.string(), null),
  _actionAt: v.nullish(v.string(), null),
});

export type Entry = v.InferOutput<typeof Entry>;

/** The recorded requests of one execution. */
export interface Conversation {
  /** The submission, with each of its repetitions. */
  readonly executes: readonly [Entry, ...Entry[]];
  /** Null if neither the URL nor the recorder names it. */
  readonly actionId: string | null;
  readonly executionId: string | null;
  readonly polls: readonly Entry[];
  readonly callbacks: readonly Entry[];
}

export interface Recording {
  readonly conversations: readonly Conversation[];
  /** Tokens and discovery. */
  readonly others: readonly Entry[];
  /** The origins of the tenant, for example `https://acme.example`. A replay puts its own origin in their place. */
  readonly origins: readonly string[];
}

/** The file cannot be replayed; the message states the place and the reason. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** @throws {RecordingError} */
export function readRecording(text: string, name = 'the recording'): Recording {
  const entries = entriesIn(text.replace(/^\uFEFF/, ''), name).filter(isAnswered);
  const executes = entries.filter(({ _call }) => _call === 'execute');
  if (executes.length === 0) {
    throw new RecordingError(`${name} has no execution with a response: record until one execution has ended`);
  }
  const others = entries.filter(({ _call }) => _call === 'other');
  const origins = entries.filter(({ _call }) => _call !== 'callback').map(({ request }) => new URL(request.url).origin);
  return {
    conversations: submissionsIn(executes).map((attempts) => conversationOf(attempts, entries)),
    others,
    origins: [...new Set(origins)],
  };
}

/** Groups the requests of each submission: a request that was certainly not processed is repeated. */
function submissionsIn(executes: readonly Entry[]): [Entry, ...Entry[]][] {
  const groups = Map.groupBy(executes, (entry) => entry._reference ?? entry);
  return [...groups.values()] as [Entry, ...Entry[]][];
}

function conversationOf(executes: readonly [Entry, ...Entry[]], entries: readonly Entry[]): Conversation {
  const [first] = executes;
  const { _reference: reference } = first;
  const callbacks = entries.filter((one) => one._call === 'callback' && belongs(one, first));
  // A response to a submission may lack the id, which a callback then names.
  const named = [...executes.toReversed(), ...callbacks].find((one) => one._executionId !== null);
  const executionId = named?._executionId ?? null;
  const polls = entries.filter(
    (one) => one._call === 'poll' && executionId !== null && one._executionId === executionId,
  );
  return {
    executes,
    actionId: actionOf(first),
    executionId,
    polls,
    callbacks: reference === null ? [] : callbacks,
  };
}

function actionOf({ _actionId: recorded, _route: route, request }: Entry): string | null {
  return recorded ?? matchRoute(route, request.url)?.['actionId'] ?? null;
}

function belongs(callback: Entry, execute: Entry): boolean {
  return callback._reference === execute._reference;
}

function isAnswered({ response }: Entry): boolean {
  return response.status > 0;
}

function entriesIn(text: string, name: string): Entry[] {
  const whole = jsonOrUndefined(text);
  if (isArchive(whole)) return whole.log.entries.map((entry, index) => read(entry, `${name}, entry ${index + 1}`));
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), at: `${name}, line ${index + 1}` }));
  return lines
    .filter(({ line }) => line !== '')
    .map(({ line, at }) => {
      const entry = jsonOrUndefined(line);
      if (entry === undefined) throw new RecordingError(`${at} is not JSON`);
      return read(entry, at);
    });
}

function isArchive(value: unknown): value is { log: { entries: unknown[] } } {
  const log = typeof value === 'object' && value !== null && 'log' in value ? value.log : null;
  return typeof log === 'object' && log !== null && 'entries' in log && Array.isArray(log.entries);
}

function read(value: unknown, at: string): Entry {
  const found = v.safeParse(Entry, value);
  if (found.success) return found.output;
  const [issue] = found.issues;
  throw new RecordingError(`${at}: ${v.getDotPath(issue) ?? 'it'}: ${wordsOf(issue)}`);
}

/** valibot's own messages repeat the received value. */
function wordsOf(issue: v.BaseIssue<unknown>): string {
  return /^Invalid/.test(issue.message) ? `must be ${issue.expected ?? 'there'}` : issue.message;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
