// Parses submit responses, poll responses and callbacks with the pointers and status words of a profile. Pure.

import type { StatusReport } from '../execution/event.ts';
import { type Json, parseJson, scalarText } from '../execution/json.ts';
import { normalizeStatusWord } from '../execution/status-word.ts';
import { type ReadExecutionId, readExecutionId, readNamedId } from './execution-id.ts';
import { find } from './json-pointer.ts';
import { parseCallbackBody } from './parse-callback-body.ts';
import type { ParsedCallback } from './port.ts';
import type { Pointers } from './profile/callback.ts';
import type { Profile } from './profile/profile.ts';
import { statusWordIn } from './profile/status-words.ts';

/** A longer text is not a status word. */
const MAX_WORD_LENGTH = 256;

export interface ParsedSubmitResponse extends ReadExecutionId {
  readonly report: StatusReport;
}

/** Parses a 2xx response to a submission. An unreadable or lost (null) body counts as progress without an id. */
export function parseSubmitResponse(profile: Profile, text: string | null): ParsedSubmitResponse {
  const pointers = profile.execute.answer;
  const document = text === null ? null : jsonOrPlainText(text);
  return {
    ...readExecutionId(pointers.executionId === null ? null : find(document, pointers.executionId)),
    report: statusReportIn(profile, document, pointers) ?? {
      kind: 'progress',
      statusWord: null,
      result: null,
      error: null,
    },
  };
}

export interface ParsedPollResponse {
  readonly report: StatusReport;
  /** The executionId that the response names, usable or not; null for none. */
  readonly namedExecutionId: string | null;
}

/** Parses a 2xx response to a poll. Returns null without a readable status. */
export function parsePollResponse(profile: Profile, text: string): ParsedPollResponse | null {
  const document = tryJson(text);
  if (document === undefined || profile.poll === null) return null;
  const report = statusReportIn(profile, document, profile.poll.answer);
  const { executionId: pointers = profile.callback.executionId } = profile.poll.answer;
  return report && { report, namedExecutionId: scalarText(findFirst(document, pointers)) || null };
}

/** Parses a callback body: JSON regardless of its content type, else a form; see {@link parseCallbackBody}. */
export function parseCallback(profile: Profile, bytes: Uint8Array, contentType: string | null): ParsedCallback {
  const unreadable = (reason: string): ParsedCallback => ({ type: 'callback-unreadable', reason });
  const text = decodeUtf8(bytes);
  if (text === null) return unreadable('the body is not UTF-8');
  const { status, executionId, formField } = profile.callback;
  const body = parseCallbackBody(text, contentType, formField);
  if (body.type === 'unreadable') return unreadable(body.reason);
  const report = statusReportIn(profile, body.document, profile.callback);
  if (report !== null) return { type: 'callback', ...readNamedId(findFirst(body.document, executionId)), report };
  const where = [status].flat().join('" or "');
  return unreadable(`the body has no usable status word at "${where}": ${kindOf(findFirst(body.document, status))}`);
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes UTF-8 without its byte order mark. Returns null for other bytes. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return null;
  }
}

interface ReportPointers {
  readonly status: Pointers;
  readonly result: Pointers;
  readonly error: Pointers;
}

function statusReportIn(profile: Profile, document: Json, pointers: ReportPointers): StatusReport | null {
  const word = statusWordIn(findFirst(document, pointers.status));
  if (word === null || word.length > MAX_WORD_LENGTH) return null;
  const kind = kindsOf(profile.words).get(normalizeStatusWord(word));
  return {
    kind: kind ?? 'progress',
    statusWord: word,
    result: findFirst(document, pointers.result),
    error: findFirst(document, pointers.error),
    // promise: unknown-word-is-progress
    ...(kind === undefined && { isUnknownWord: true }),
  };
}

/** Returns the value at the first pointer that leads to one. */
function findFirst(document: Json, places: Pointers): Json {
  if (places === null) return null;
  if (typeof places === 'string') return find(document, places);
  for (const pointer of places) {
    const found = find(document, pointer);
    if (found !== null) return found;
  }
  return null;
}

type Words = Profile['words'];

/** The meaning of each normalized status word, built once per profile. */
const KINDS = new WeakMap<Words, ReadonlyMap<string, StatusReport['kind']>>();

function kindsOf(words: Words): ReadonlyMap<string, StatusReport['kind']> {
  const known =
    KINDS.get(words) ??
    new Map<string, StatusReport['kind']>([
      ...words.progress.map((word) => [normalizeStatusWord(word), 'progress'] as const),
      ...words.failed.map((word) => [normalizeStatusWord(word), 'failed'] as const),
      ...words.completed.map((word) => [normalizeStatusWord(word), 'completed'] as const),
    ]);
  KINDS.set(words, known);
  return known;
}

export function isDotSegment(text: string): boolean {
  return text === '.' || text === '..';
}

function tryJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Some services respond with a bare id, without quotes. HTML and sentences are not ids. */
function jsonOrPlainText(text: string): Json {
  const document = tryJson(text);
  if (document !== undefined) return document;
  const plain = text.trim();
  return /[\s<>{}"]/.test(plain) ? null : plain;
}

function kindOf(value: Json): string {
  if (value === null) return 'there is nothing';
  if (typeof value !== 'string') return 'it is neither a text nor a number';
  return value.trim() === '' ? 'it is empty' : 'it is too long';
}
