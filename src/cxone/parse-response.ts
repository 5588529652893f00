// Parses submit responses, poll responses and callbacks with the pointers and status words of a profile. Pure.

import type { BodyNotes, RawBody, StatusReport } from '../execution/event.ts';
import { type Json, JsonTooDeep, parseJson, scalarText } from '../execution/json.ts';
import { normalizeStatusWord } from '../execution/status-word.ts';
import { decodeText } from '../lib/http/decode-text.ts';
import { type ReadExecutionId, readExecutionId, readNamedId } from './execution-id.ts';
import { find, findFirst, type Pointers } from './json-pointer.ts';
import { type ParsedBody, parseCallbackBody } from './parse-callback-body.ts';
import { parseDocument, wrappedDocumentAt } from './parse-document.ts';
import type { CallbackScan, LargeCallback, ParsedCallback } from './port.ts';
import { isPollable, type Profile } from './profile/profile.ts';
import type { DocumentRules } from './profile/schema-parts.ts';
import { statusWordIn } from './profile/status-words.ts';
import {
  createResponseScanner,
  MAX_RESULT_BYTES,
  MAX_RESULT_LEVELS,
  type ResponsePointers,
  type ScannedDocument,
  scannedDocument,
  scanText,
} from './response-document.ts';
import type { ScannedValues } from './scan-json.ts';
import type { TolerantJson } from './tolerant-json.ts';
import { profileLineFor, unreadMembers } from './unread-members.ts';

/** A longer text is not a status word. */
const MAX_WORD_LENGTH = 256;

/** A status report with notes on the body; without notes if there is nothing to note. */
export interface ParsedReport {
  readonly report: StatusReport;
  readonly notes?: BodyNotes;
}

/** Values of a body that is too large to be kept; null: the body was kept. */
export interface LargeBody {
  readonly scanned: ScannedValues | null;
  /** Largest result that is kept, in bytes of its JSON text. */
  readonly maxResultBytes: number;
}

const KEPT: LargeBody = { scanned: null, maxResultBytes: MAX_RESULT_BYTES };

export interface ParsedSubmitResponse extends ParsedReport, ReadExecutionId {}

export interface ParsedPollResponse extends ParsedReport {
  /** The executionId that the response names, usable or not; null for none. */
  readonly namedExecutionId: string | null;
}

const PROGRESS: StatusReport = { kind: 'progress', statusWord: null, result: null, error: null };

/** Parses a 2xx response to a submission. An unreadable or lost (null) body counts as progress without an id. */
export function parseSubmitResponse(profile: Profile, body: RawBody | null, large = KEPT): ParsedSubmitResponse {
  const part = profile.execute.answer;
  const text = body === null ? null : textOf(body);
  const document = largeDocument(text, part, large);
  if (document !== null) {
    const report = scannedReport(profile, document, part);
    return { ...readExecutionId(document.find(part.executionId)), report: report ?? PROGRESS };
  }
  if (body === null || text === null) return { ...readExecutionId(null), report: PROGRESS };
  const parsed = documentIn(text, part) ?? { value: plainText(text), nonFinite: [] };
  const id = readExecutionId(part.executionId === null ? null : find(parsed.value, part.executionId));
  const report = statusReportIn(profile, parsed.value, part);
  if (report === null) return { ...id, report: PROGRESS };
  return { ...id, ...withNotes(report, parsed, { part, place: 'execute.answer', body }) };
}

/** Parses a 2xx response to a poll. Returns null without a readable status. */
export function parsePollResponse(profile: Profile, body: RawBody | null, large = KEPT): ParsedPollResponse | null {
  if (profile.poll === null) return null;
  const part = { executionId: profile.callback.executionId, ...profile.poll.answer };
  const text = body === null ? null : textOf(body);
  const document = largeDocument(text, part, large);
  if (document !== null) {
    const report = scannedReport(profile, document, part);
    return report && { report, namedExecutionId: scalarText(document.find(part.executionId)) || null };
  }
  if (body === null || text === null) return null;
  const parsed = documentIn(text, part);
  const report = parsed === null ? null : statusReportIn(profile, parsed.value, part);
  if (parsed === null || report === null) return null;
  const namedExecutionId = scalarText(findFirst(parsed.value, part.executionId ?? null)) || null;
  const noted = withNotes(report, parsed, { part: profile.poll.answer, place: 'poll.answer', body });
  return { ...noted, namedExecutionId };
}

export interface CallbackLimits {
  /** Largest result that is kept, in bytes of its JSON text. */
  readonly maxResultBytes?: number;
  /** Returns the body with each callback token replaced, or the same bytes without one. */
  readonly conceal?: (bytes: Uint8Array) => Uint8Array;
}

/** Parses a callback body: JSON regardless of its content type, else XML or a form; see {@link parseCallbackBody}. */
export function parseCallback(
  profile: Profile,
  bytes: Uint8Array,
  contentType: string | null,
  { maxResultBytes = MAX_RESULT_BYTES, conceal = (body) => body }: CallbackLimits = {},
): ParsedCallback {
  const part = profile.callback;
  const asSent = parseCallbackBody(bytes, contentType, part);
  // In a form, an escaped character of a token ends a field, and a dot nests a name: the halves would be stored.
  const isForm = asSent.type === 'read' && asSent.isForm;
  // promise: form-divides-no-token
  const safe = isForm ? conceal(bytes) : bytes;
  const body = safe === bytes ? asSent : parseCallbackBody(safe, contentType, part);
  const quoted = safe !== bytes && ({ quotedToken: true } as const);
  const unreadable = (reason: string, id?: ReadExecutionId): ParsedCallback => ({
    type: 'callback-unreadable',
    reason,
    ...id,
    ...quoted,
  });
  if (body.type === 'unreadable') return unreadable(body.reason);
  const large = largeCallback(bytes, body, { part, maxResultBytes });
  const scanned = large && scannedReport(profile, large, part);
  const scannedId = readNamedId(large?.find(part.executionId) ?? null);
  if (scanned !== null) return { type: 'callback', ...scannedId, report: scanned };
  if (body.type === 'too-deep')
    return unreadable('the body is nested too deeply and has no usable status word', scannedId);
  const { document, nonFinite } = body;
  const report = statusReportIn(profile, document, part, isForm);
  const id = readNamedId(firstIfForm(findFirst(document, part.executionId), isForm));
  if (report !== null) {
    const raw = { bytes, contentType };
    const noted = withNotes(report, { value: document, nonFinite }, { part, place: 'callback', body: raw });
    return { type: 'callback', ...id, ...noted, ...quoted };
  }
  const where = [part.status].flat().join('" or "');
  const wrapped = wrappedDocumentAt(document);
  const hint = wrapped === null ? '' : `; "callback.document": "${wrapped}" would read the JSON in that text`;
  const found = kindOf(findFirst(document, part.status));
  return unreadable(`the body has no usable status word at "${where}": ${found}${hint}`, id);
}

/** Returns the values of a callback beyond the limits; null for any other. */
function largeCallback(
  bytes: Uint8Array,
  body: Exclude<ParsedBody, { type: 'unreadable' }>,
  { part, maxResultBytes }: { readonly part: ResponsePointers; readonly maxResultBytes: number },
): ScannedDocument | null {
  if (body.type === 'too-deep') return scanText(body.json, part, maxResultBytes);
  if (bytes.length <= maxResultBytes) return null;
  return scanText(JSON.stringify(body.document), part, maxResultBytes);
}

/** Reads a callback body of any size. Only JSON is read. */
export function scanCallback(
  profile: Profile,
  maxResultBytes: number,
  read: (values: ScannedValues) => Promise<LargeCallback | null> = async (values) =>
    reportOfScan(profile, values, maxResultBytes),
): CallbackScan {
  const scanner = createResponseScanner(profile.callback, maxResultBytes);
  return {
    write: scanner.write,
    end: async () => {
      const values = scanner.end();
      return values && read(values);
    },
  };
}

/** Reads the values of a callback. Without a status it reports progress. */
export function reportOfScan(profile: Profile, values: ScannedValues, maxResultBytes: number): LargeCallback {
  const part = profile.callback;
  const document = scannedDocument(values, maxResultBytes);
  const report = scannedReport(profile, document, part) ?? PROGRESS;
  const id = readNamedId(document.find(part.executionId));
  return { type: 'callback', ...id, report, isPollable: isPollable(profile) };
}

/** Returns the values of a body beyond the limits; null for any other. */
function largeDocument(text: string | null, part: ResponsePointers, { scanned, maxResultBytes }: LargeBody) {
  if (scanned !== null) return scannedDocument(scanned, maxResultBytes);
  if (text === null || !isBeyondLimits(text, maxResultBytes)) return null;
  return scanText(text, part, maxResultBytes);
}

function isBeyondLimits(text: string, maxResultBytes: number): boolean {
  if (Buffer.byteLength(text) > maxResultBytes) return true;
  // A text without that many brackets is parsed once.
  if ((text.match(/[[{]/g)?.length ?? 0) <= MAX_RESULT_LEVELS) return false;
  try {
    parseJson(text, MAX_RESULT_LEVELS);
    return false;
  } catch (error) {
    // promise: deep-result-keeps-its-status
    return error instanceof JsonTooDeep;
  }
}

function scannedReport(profile: Profile, document: ScannedDocument, pointers: ResponsePointers): StatusReport | null {
  const report = reportFrom(profile, pointers, document.find);
  const tooLarge = document.findTooLarge(pointers.result) ?? document.findTooLarge(pointers.error);
  // promise: large-result-keeps-its-status
  return report === null || tooLarge === null ? report : { ...report, ...tooLarge };
}

/** Decodes a body with its charset. Returns null for bytes that are not in it. */
function textOf({ bytes, contentType }: RawBody): string | null {
  const decoded = decodeText(bytes, contentType);
  return decoded.type === 'text' ? decoded.text : null;
}

function documentIn(text: string, rules: DocumentRules): TolerantJson | null {
  try {
    return parseDocument(text, rules);
  } catch {
    return null;
  }
}

interface NotedBody {
  readonly part: ResponsePointers;
  /** Its place in the profile. */
  readonly place: string;
  readonly body: RawBody;
}

function withNotes(report: StatusReport, parsed: TolerantJson, { part, place, body }: NotedBody): ParsedReport {
  const { nonFinite } = parsed;
  const unread = report.kind === 'progress' ? [] : unreadMembers(parsed.value, part);
  if (unread.length === 0 && nonFinite.length === 0) return { report };
  return { report, notes: { nonFinite, unread, profileLine: profileLineFor(place, unread, report), body } };
}

function statusReportIn(
  profile: Profile,
  document: Json,
  pointers: ResponsePointers,
  isForm = false,
): StatusReport | null {
  return reportFrom(profile, pointers, (places) =>
    places === pointers.status ? firstIfForm(findFirst(document, places), isForm) : findFirst(document, places),
  );
}

function reportFrom(
  profile: Profile,
  pointers: ResponsePointers,
  valueAt: (places: Pointers) => Json,
): StatusReport | null {
  const word = statusWordIn(valueAt(pointers.status));
  if (word === null || word.length > MAX_WORD_LENGTH) return null;
  const kinds = kindsOf(profile.words);
  const kind = kinds.get(word) ?? kinds.get(normalizeStatusWord(word));
  return {
    kind: kind ?? 'progress',
    statusWord: word,
    result: valueAt(pointers.result),
    error: valueAt(pointers.error),
    // promise: unknown-word-is-progress
    ...(kind === undefined && { isUnknownWord: true }),
  };
}

/** A field that comes twice makes a list in a form; the first one counts where one text is needed. */
function firstIfForm(value: Json, isForm: boolean): Json {
  return isForm && Array.isArray(value) ? (value[0] ?? null) : value;
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

/** Some services respond with a bare id, without quotes. HTML and sentences are not ids. */
function plainText(text: string): Json {
  const plain = text.trim();
  return /[\s<>{}"]/.test(plain) ? null : plain;
}

function kindOf(value: Json): string {
  if (value === null) return 'there is nothing';
  if (typeof value !== 'string') return 'it is neither a text nor a number';
  return value.trim() === '' ? 'it is empty' : 'it is too long';
}
