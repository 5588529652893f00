// Only CXone, to whom a callback URL was given, can make a token that verifies.

import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';

const OLD = 'an-old-secret-of-at-least-32-characters';
const NEW = 'a-new-secret-of-at-least-32-characters!';
const REFERENCE = '0190b6c1-1111-7abc-8def-0123456789ab';
const urls = createSignedUrls('https://receiver.example', [NEW]);

function tokenOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

test('a URL that was minted verifies to its own execution', () => {
  const url = urls.mint(REFERENCE);
  expect(url).toMatch(/^https:\/\/receiver\.example\/webhook\/cxone-execution\/[A-Za-z0-9._-]+$/);
  expect(tokenOf(url).length).toBeLessThanOrEqual(128);
  expect(urls.verify(tokenOf(url))).toBe(REFERENCE);
});

test('no token with any one character changed, added or left out verifies', () => {
  const token = tokenOf(urls.mint(REFERENCE));
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/';
  for (let i = 0; i <= token.length; i += 1) {
    for (const letter of alphabet) {
      expect(urls.verify(token.slice(0, i) + letter + token.slice(i))).toBeNull();
      if (token[i] !== letter) expect(urls.verify(token.slice(0, i) + letter + token.slice(i + 1))).toBeNull();
    }
    if (i < token.length) expect(urls.verify(token.slice(0, i) + token.slice(i + 1))).toBeNull();
  }
});

test('nothing made up verifies', () => {
  fc.assert(fc.property(fc.string(), (text) => urls.verify(text) === null));
  for (let i = 0; i < 1000; i += 1) {
    const forged = `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    expect(urls.verify(forged)).toBeNull();
  }
});

test("one execution's signature does not open another", () => {
  const [reference] = tokenOf(urls.mint('0190b6c1-2222-7abc-8def-0123456789ab')).split('.');
  const [, mac] = tokenOf(urls.mint(REFERENCE)).split('.');
  expect(urls.verify(`${reference}.${mac}`)).toBeNull();
});

test('while secrets rotate, URLs signed with either verify, and the new one signs', () => {
  const before = createSignedUrls('https://receiver.example', [OLD]);
  const rotating = createSignedUrls('https://receiver.example', [NEW, OLD]);
  expect(rotating.verify(tokenOf(before.mint(REFERENCE)))).toBe(REFERENCE);
  expect(urls.verify(tokenOf(rotating.mint(REFERENCE)))).toBe(REFERENCE);
  expect(urls.verify(tokenOf(before.mint(REFERENCE)))).toBeNull();
});

test('a probe is proved by whoever knows the secret that signed it, and by nobody else', () => {
  const { url, proof } = urls.probe();
  const rotating = createSignedUrls('https://other.example', ['a-third-secret-of-at-least-32-characters', NEW]);
  expect(rotating.proofFor(tokenOf(url))).toBe(proof);
  expect(createSignedUrls('https://receiver.example', [OLD]).proofFor(tokenOf(url))).toBeNull();
  expect(urls.probe().proof).not.toBe(proof);
});

test('a probe opens no execution, and the URL of an execution proves nothing', () => {
  expect(urls.verify(tokenOf(urls.probe().url))).toBeNull();
  expect(urls.proofFor(tokenOf(urls.mint(REFERENCE)))).toBeNull();
});
