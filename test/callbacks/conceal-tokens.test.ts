// Callback tokens in texts and bodies: each is replaced however it is quoted, and nothing else is.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CONCEALED, createTokenConcealer } from '../../src/callbacks/conceal-tokens.ts';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';

const SECRETS = ['a-new-secret-of-at-least-32-characters!', 'an-old-secret-of-at-least-32-characters'] as const;
const conceal = createTokenConcealer(SECRETS);
const REFERENCE = '0190b6c1-1111-7abc-8def-0123456789ab';
const url = createSignedUrls('https://receiver.example', [SECRETS[0]]).mint(REFERENCE);
const token = url.slice(url.lastIndexOf('/') + 1);

const hex = (sign: string, digits: number) => sign.charCodeAt(0).toString(16).padStart(digits, '0');
const each = (text: string, escaped: (sign: string) => string) => [...text].map(escaped).join('');
const json = (text: string) => JSON.stringify(text).slice(1, -1);

/** Each is applied to a text that may have passed through the others. */
const QUOTATIONS: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  'percent-encoded': encodeURIComponent,
  'percent-encoded, each character': (text) => each(text, (sign) => `%${hex(sign, 2)}`),
  'escape() of JavaScript': (text) => each(text, (sign) => `%u${hex(sign, 4)}`),
  'JSON string': json,
  'JSON string with \\u': (text) => each(text, (sign) => `\\u${hex(sign, 4).toUpperCase()}`),
  'JSON string with escaped slashes': (text) => json(text).replaceAll('/', '\\/'),
  'XML reference': (text) => each(text, (sign) => `&#x${hex(sign, 2)};`),
  'named XML reference': (text) =>
    text.replaceAll('&', '&amp;').replaceAll('.', '&period;').replaceAll('_', '&lowbar;'),
  'decimal XML reference': (text) => text.replaceAll('.', '&#46;').replaceAll('&', '&amp;'),
};

const anyQuotation = fc.array(fc.constantFrom(...Object.values(QUOTATIONS)), { maxLength: 3 });
const quoted = (text: string, by: readonly ((text: string) => string)[]) =>
  by.reduce((whole, quote) => quote(whole), text);

test('a token is replaced in every quotation and every nesting of two, and the text around it stays', () => {
  for (const [one, inner] of Object.entries(QUOTATIONS)) {
    for (const [other, outer] of Object.entries(QUOTATIONS)) {
      const text = `a"b ${outer(inner(token))} c\\u00e4 100%`;
      expect(conceal.text(text), `${one} in ${other}`).toBe(`a"b ${CONCEALED} c\\u00e4 100%`);
    }
  }
});

test('a token is found next to any other text, as is each of several', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), anyQuotation, (before, after, by) => {
      const safe = conceal.text(`${before}${quoted(url, by)} ${quoted(token, by)}${after}`);
      return !safe.includes(token.slice(30)) && safe.split(CONCEALED).length === 3;
    }),
  );
  expect(conceal.text(`x${token}y${token}`)).toBe(`x${CONCEALED}y${CONCEALED}`);
});

test('a token under an earlier secret that still verifies is replaced, and a text with the form of a token is not', () => {
  const earlier = createSignedUrls('https://receiver.example', [SECRETS[1]]).mint(REFERENCE);
  expect(conceal.text(earlier)).not.toContain(earlier.slice(-43));
  const forged = `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
  const jwt = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${token.slice(23)}.x`;
  for (const text of [forged, jwt, '100% of \\u0041 &amp; \0', '']) expect(conceal.text(text)).toBe(text);
});

test('the beginning of a token that a cut left is replaced', () => {
  for (const length of [40, 50, 60]) expect(conceal.text(`see ${token.slice(0, length)}`)).toBe(`see ${CONCEALED}`);
});

test('bytes: a body stays readable in its encoding after a replacement', () => {
  const body = { status: 'FAILED', error: { message: `cannot call ${url}`, inner: JSON.stringify({ url }) } };
  const texts = [JSON.stringify(body), JSON.stringify(body).replaceAll('.', '\\u002e')];
  for (const text of texts) {
    const expected = JSON.parse(JSON.stringify(body).replaceAll(token, CONCEALED));
    const read = (bytes: Uint8Array, encoding: string) => JSON.parse(new TextDecoder(encoding).decode(bytes));
    expect(read(conceal.bytes(Buffer.from(text)), 'utf-8')).toEqual(expected);
    expect(read(conceal.bytes(Buffer.from(text, 'utf16le')), 'utf-16le')).toEqual(expected);
    expect(read(conceal.bytes(Buffer.from(text, 'utf16le').swap16()), 'utf-16be')).toEqual(expected);
  }
  const other = Buffer.from(`{"status":"${'x'.repeat(100)}."}`);
  expect(conceal.bytes(other)).toBe(other);
});

test('a hostile text takes time in proportion to its length', () => {
  for (const part of ['\\', '%25', '&amp;', `${'A'.repeat(22)}.`, '.', '\0', '&#x', '%', '\\u00']) {
    const text = part.repeat(Math.ceil(300_000 / part.length));
    expect(conceal.text(text)).toBe(text);
  }
});
