// Canonical JSON: two documents have the same text exactly if they mean the same. Numbers are compared by their decimal value.

import { hasFewValues, type Json, LargeJson } from './json.ts';

/** Returns whether two documents are equal. The order of members and the notation of numbers make no difference. */
export function isSameJson(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (LargeJson.is(one) && LargeJson.is(other) && one.text === other.text) return true;
  // promise: large-and-small-differ-unread
  if ((LargeJson.is(one) || LargeJson.is(other)) && hasFewValues(one) !== hasFewValues(other)) return false;
  return canonicalJson(one) === canonicalJson(other);
}

/** Canonical texts of large documents, by their text: the newest few, since a comparison needs two. */
const knownCanonical = new Map<string, string>();
const MAX_KNOWN = 4;

/** Remembers the canonical text of a large document that was made elsewhere, for the comparison that follows. */
export function rememberCanonical(text: string, canonical: string): void {
  knownCanonical.delete(text);
  for (const [oldest] of knownCanonical) {
    if (knownCanonical.size < MAX_KNOWN) break;
    knownCanonical.delete(oldest);
  }
  knownCanonical.set(text, canonical);
}

/** Returns the document without spaces, with sorted members and with each number in one notation; see {@link canonicalNumber}. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? canonicalInteger(value) : canonicalNumber(String(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (LargeJson.is(value)) return knownCanonical.get(value.text) ?? canonicalJson(value.parsed());
  // promise: raw-number-is-a-number
  if (JSON.isRawJSON(value)) return canonicalNumber(JSON.stringify(value));
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  let members = '';
  for (const name of Object.keys(value).sort())
    members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`;
  return `{${members}}`;
}

/** Returns what `canonicalNumber` returns, in a twentieth of its time: most numbers are integers. */
function canonicalInteger(value: number): string {
  if (value === 0) return '0';
  let [digits, exponent] = [value, 0];
  for (; digits % 10 === 0; digits /= 10) exponent += 1;
  return `${digits}e${exponent}`;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Returns the exact decimal value of a JSON number as digits and a power of ten: 25e-1 for 2.50, 1e2 for 100, 0 for -0.0.
 * Takes time in proportion to its length, whatever the exponent.
 */
function canonicalNumber(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? [];
  const digits = whole + fraction;
  const first = digits.search(/[1-9]/);
  if (first === -1) return '0';
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return `${sign}${digits.slice(first, end)}e${shifted(exponent, whole.length - end)}`;
}

/** Digits of an exponent that a double holds exactly, with room for the length of any text. */
const SAFE_DIGITS = 15;

/** Adds to an exponent of any length. BigInt would take seconds for a million digits. */
function shifted(exponent: string, by: number): string {
  const sign = exponent.startsWith('-') ? '-' : '';
  const digits = exponent.replace(/^[+-]?0*/, '');
  if (digits.length <= SAFE_DIGITS) return String(Number(`${sign}${digits === '' ? '0' : digits}`) + by);
  const head = digits.slice(0, -SAFE_DIGITS);
  const tail = Number(digits.slice(-SAFE_DIGITS)) + (sign === '' ? by : -by);
  const carry = Math.floor(tail / 10 ** SAFE_DIGITS);
  const kept = String(tail - carry * 10 ** SAFE_DIGITS).padStart(SAFE_DIGITS, '0');
  return `${sign}${`${carry === 0 ? head : carried(head, carry)}${kept}`.replace(/^0+/, '')}`;
}

/** Adds 1 or -1 to positive digits. */
function carried(digits: string, carry: number): string {
  const passing = carry === 1 ? '9' : '0';
  let at = digits.length - 1;
  while (at >= 0 && digits[at] === passing) at -= 1;
  const rest = (carry === 1 ? '0' : '9').repeat(digits.length - 1 - at);
  return at < 0 ? `1${rest}` : `${digits.slice(0, at)}${Number(digits[at]) + carry}${rest}`;
}
