// Parses submit responses, poll responses and callbacks with the pointers and status words of a profile. Pure.

import type { StatusReport } from '../execution/event.ts';
import { type Json, parseJson, scalarText } from '../execution/json.ts';
import { find } from './json-pointer.ts';
import { parseCallbackBody } from './parse-callback-body.ts';
import type { ParsedCallback } from './port.ts';
import type { Pointers } from './profile/callback.ts';
import type { Profile } from './profile/profile.ts';
import { normalizeStatusWord } from './profile/status-words.ts';

/** A longer text is not a status word. */
const MAX_WORD_LENGTH = 256;

/** Printable ASCII without spaces around it, safe in URLs and logs. */
const USABLE_ID = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

export interface ParsedSubmitResponse {
  readonly executionId: string | null;
  readonly report: StatusReport;
}

/** Parses a 2xx response to a submission. An unreadable or lost (null) body counts as progress without an id. */
export function parseSubmitResponse(profile: Profile, text: string | null): ParsedSubmitResponse {
  const pointers = profile.execute.answer;
  const document = text === null ? null : jsonOrPlainText(text);
  return {
    executionId: pointers.executionId === null ? null : usableId(find(document, pointers.executionId)),
    report: statusReportIn(profile, document, pointers) ?? {
      kind: 'progress',
      statusWord: null,
      result: null,
      error: null,
    },
  };
}

/** Parses a 2xx response to a poll. Returns null without a readable status. */
export function parsePollResponse(profile: Profile, text: string): StatusReport | null {
  const document = tryJson(text);
  return document === undefined || profile.poll === null
    ? null
    : statusReportIn(profile, document, profile.poll.answer);
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
  if (report !== null)
    return { type: 'callback', executionId: usableId(findFirst(body.document, executionId)), report };
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
  const status = findFirst(document, pointers.status);
  if (typeof status !== 'string') return null;
  const word = status.trim();
  if (word === '' || word.length > MAX_WORD_LENGTH) return null;
  return {
    kind: kindOfWord(profile, word),
    statusWord: word,
    result: findFirst(document, pointers.result),
    error: findFirst(document, pointers.error),
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
      ...words.failed.map((word) => [normalizeStatusWord(word), 'failed'] as const),
      ...words.completed.map((word) => [normalizeStatusWord(word), 'completed'] as const),
    ]);
  KINDS.set(words, known);
  return known;
}

function kindOfWord({ words }: Profile, word: string): StatusReport['kind'] {
  return kindsOf(words).get(normalizeStatusWord(word)) ?? 'progress';
}

/**
 * Returns an id that a poll's URL can carry. "." and ".." would name another resource in a path, even percent-encoded (WHATWG
 * URL resolves %2e as well).
 */
function usableId(value: Json): string | null {
  const id = scalarText(value);
  return id !== null && USABLE_ID.test(id) && !isDotSegment(id) ? id : null;
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
  if (typeof value !== 'string') return 'it is not a text';
  return value.trim() === '' ? 'it is empty' : 'it is too long';
}
