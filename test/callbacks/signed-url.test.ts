// Callback URLs: only a token that the receiver signed verifies.

import { createHmac, randomBytes } from 'node:crypto';
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

test('a signed URL verifies to its own execution', () => {
  const url = urls.mint(REFERENCE);
  expect(url).toMatch(/^https:\/\/receiver\.example\/webhook\/cxone-execution\/[A-Za-z0-9._-]+$/);
  expect(tokenOf(url).length).toBeLessThanOrEqual(128);
  expect(urls.verify(tokenOf(url))).toBe(REFERENCE);
});

test('a token is the reference and the HMAC-SHA256 of "callback:" and the reference: URLs of earlier versions stay valid', () => {
  const reference = Buffer.from(REFERENCE.replaceAll('-', ''), 'hex');
  const mac = createHmac('sha256', NEW).update('callback:').update(reference).digest('base64url');
  expect(tokenOf(urls.mint(REFERENCE))).toBe(`${reference.toString('base64url')}.${mac}`);
});

test('a token with any one character changed, added or removed is refused', () => {
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

test('an invented token is refused', () => {
  fc.assert(fc.property(fc.string(), (text) => urls.verify(text) === null));
  for (let i = 0; i < 1000; i += 1) {
    const forged = `${randomBytes(16).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    expect(urls.verify(forged)).toBeNull();
  }
});

test('the signature of one execution is refused for another', () => {
  const [reference] = tokenOf(urls.mint('0190b6c1-2222-7abc-8def-0123456789ab')).split('.');
  const [, mac] = tokenOf(urls.mint(REFERENCE)).split('.');
  expect(urls.verify(`${reference}.${mac}`)).toBeNull();
});

test('during a rotation URLs signed with either secret verify, and the new secret signs', () => {
  const before = createSignedUrls('https://receiver.example', [OLD]);
  const rotating = createSignedUrls('https://receiver.example', [NEW, OLD]);
  expect(rotating.verify(tokenOf(before.mint(REFERENCE)))).toBe(REFERENCE);
  expect(urls.verify(tokenOf(rotating.mint(REFERENCE)))).toBe(REFERENCE);
  expect(urls.verify(tokenOf(before.mint(REFERENCE)))).toBeNull();
});

test('a probe is proved only by a party that knows the secret that signed it', () => {
  const { url, proof } = urls.probe();
  const rotating = createSignedUrls('https://other.example', ['a-third-secret-of-at-least-32-characters', NEW]);
  expect(rotating.proofFor(tokenOf(url))).toBe(proof);
  expect(createSignedUrls('https://receiver.example', [OLD]).proofFor(tokenOf(url))).toBeNull();
  expect(urls.probe().proof).not.toBe(proof);
});

test('a probe does not verify as an execution, and the URL of an execution does not verify as a probe', () => {
  expect(urls.verify(tokenOf(urls.probe().url))).toBeNull();
  expect(urls.proofFor(tokenOf(urls.mint(REFERENCE)))).toBeNull();
});
