// Strips the values of a document: names, types, status words and ids stay, since they define a dialect; personal data goes. Pure.

import { isJsonObject, type Json, scalarText } from '../../execution/json.ts';
import { normalizeStatusWord } from '../../execution/status-word.ts';
import { pointerTo } from '../json-pointer.ts';

export interface StripRules {
  /** JSON Pointers to payload, of which only the shape is kept. */
  readonly payload: readonly string[];
  /** JSON Pointers to values that define the dialect and are kept. */
  readonly telling: readonly string[];
  /** Status words of the profile, normalized. */
  readonly words: ReadonlySet<string>;
  /** Whether URLs are kept in members with the name of a URL, as in a discovery document. */
  readonly addresses: boolean;
  readonly redact: (text: string) => string;
}

/** Placeholder of a JSON Web Token; a replay inserts its own token. */
export const TOKEN_SHAPE = 'header.claims.signature';

const MAX_ITEMS = 3;
/** Deeper in a document, a name like "id" or "status" belongs to an action's result, not to the dialect. */
const DIALECT_DEPTH = 3;
const ID_NAME =
  /^(?:(?:x-)?(?:execution|job|correlation|request|trace|transaction|contact|action|script|skill|tenant|business_?unit|client_?type)[_-]?)?id$/i;
const TELLING_NAME =
  /^(?:status|state|status_?code|code|expires_?in|token_?type|scope|grant_?type|issued_?token_?type)$/i;
const ADDRESS_NAME = /(?:endpoint|issuer|ur[il]|domain)$/i;
/** A status, a code or a list of scopes, but not a sentence. */
const SHORT_WORD = /^[A-Za-z][A-Za-z0-9_.:-]{0,40}(?: [a-z]+:[a-z:_-]+)*$/;
/** Names chosen by a programmer: the keys of a map may be telephone numbers. With @ and #, as attributes and texts of XML are read. */
const MEMBER_NAME = /^(?!.*\d{4})(?:#text|@?[A-Za-z_$][A-Za-z0-9_$:-]{0,63})$/;
/** Status words that services commonly use, besides those of the profile. */
const COMMON_WORDS =
  'PENDING QUEUED ACCEPTED SUBMITTED CREATED NEW WAITING SCHEDULED STARTED STARTING RUNNING INPROGRESS IN_PROGRESS IN-PROGRESS PROCESSING ACTIVE EXECUTING COMPLETE COMPLETED DONE FINISHED OK SUCCESS SUCCEEDED SUCCESSFUL FAILED FAILURE FAIL ERROR ERRORED CANCELLED CANCELED EXPIRED ABORTED TIMEOUT TIMEDOUT TIMED_OUT REJECTED STOPPED TERMINATED';
const KNOWN_WORDS: ReadonlySet<string> = new Set(COMMON_WORDS.split(' ').map(normalizeStatusWord));

/** Returns whether a text is a status word, by the profile or by common use. */
export function isStatusWord(text: string, words: ReadonlySet<string>): boolean {
  const word = normalizeStatusWord(text);
  return words.has(word) || KNOWN_WORDS.has(word);
}

/** Returns whether a member of this name contains an id of CXone. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name);
}

export function stripValues(document: Json, rules: StripRules): Json {
  return shapeAt(document, [], rules, false);
}

function shapeAt(value: Json, path: readonly string[], rules: StripRules, inPayload: boolean): Json {
  const hidden = inPayload || isAt(rules.payload, path);
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item, index) => shapeAt(item, [...path, String(index)], rules, hidden));
  }
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([name, member], index) => [
      nameOf(name, index, rules),
      shapeAt(member, [...path, name], rules, hidden),
    ]);
    return Object.fromEntries(members);
  }
  const isKept = isNamed(value, path, rules) || (!hidden && isTelling(value, path, rules));
  // promise: recording-has-no-values
  return isKept ? kept(value, rules) : placeholder(value);
}

/** A word of the profile may have spaces ("timed out"). */
function isNamed(value: Json, path: readonly string[], { telling, words }: StripRules): boolean {
  // promise: recording-keeps-words-with-spaces
  return isAt(telling, path) && (isUnspaced(value) || (typeof value === 'string' && isStatusWord(value, words)));
}

function nameOf(name: string, index: number, { redact }: StripRules): string {
  return MEMBER_NAME.test(name) && redact(name) === name ? name : `member${index}`;
}

/** Redacts secrets in a kept value; a secret number becomes 0. */
function kept(value: Json, rules: StripRules): Json {
  const text = scalarText(value);
  if (text === null) return value;
  if (typeof value !== 'string') return rules.redact(text) === text ? value : 0;
  return rules.redact(addressOf(value) ?? value);
}

function isTelling(value: Json, path: readonly string[], rules: StripRules): boolean {
  const name = path.at(-1) ?? '';
  const text = scalarText(value);
  if (text === null || path.length > DIALECT_DEPTH) return false;
  if (isIdName(name)) return isUnspaced(value);
  const isWord = typeof value === 'string' && isStatusWord(value, rules.words);
  if (TELLING_NAME.test(name))
    return typeof value !== 'string' || isWord || SHORT_WORD.test(text) || /^\d{1,9}$/.test(text);
  if (typeof value !== 'string') return false;
  if (rules.addresses && ADDRESS_NAME.test(name)) return addressOf(value) !== null;
  return isWord;
}

/** Returns whether a value may be an id or a word, unlike a sentence, a name or an address. */
export function isUnspaced(value: Json): boolean {
  return typeof value !== 'string' || /^[A-Za-z0-9._:~-]{1,256}$/.test(value);
}

/** Returns scheme, host and path of a URL, without its secret parts. */
function addressOf(text: string): string | null {
  if (!/^https?:\/\//i.test(text)) return null;
  const url = URL.parse(text);
  return url === null ? null : `${url.origin}${url.pathname}`;
}

/** Returns a value of the same type, and of the same format where a parser depends on it. */
export function placeholder(value: Json): Json {
  if (value === null) return null;
  if (typeof value === 'boolean') return false;
  const text = scalarText(value) ?? '';
  if (typeof value !== 'string') return /^-?\d+$/.test(text) ? 0 : 0.5;
  if (text === '') return '';
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return '2000-01-01T00:00:00.000Z';
  if (/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(text))
    return '00000000-0000-4000-8000-000000000000';
  if (/^https?:\/\//i.test(text)) return 'https://example.invalid/';
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) return TOKEN_SHAPE;
  return /^\d+$/.test(text) ? '0' : 'text';
}

function isAt(pointers: readonly string[], path: readonly string[]): boolean {
  return pointers.includes(pointerTo(path));
}
