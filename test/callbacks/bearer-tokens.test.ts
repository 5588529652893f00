// Bearer tokens for callbacks: only an issued token of a configured client is valid, until it expires.

import fc from 'fast-check';
import { SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { createCallbackTokens } from '../../src/callbacks/bearer-tokens.ts';
import { createManualWorld } from '../support/manual-world.ts';

const OLD = 'the-old-callback-secret-of-32-characters';
const NEW = 'the-new-callback-secret-of-32-characters';
const RULE = { clients: [{ name: 'cxone', key: 'a-secret-of-this-client' }], lifetimeSeconds: 300 };

function setUp() {
  const world = createManualWorld();
  const create = (secrets: [string, ...string[]] = [NEW], rule = RULE) => createCallbackTokens(rule, secrets, world);
  return { world, create, tokens: create() };
}

test('a token is valid until its lifetime ends, and is then refused as expired', async () => {
  const { world, tokens } = setUp();
  const { token, lifetimeSeconds } = await tokens.issue('cxone');
  expect(lifetimeSeconds).toBe(300);
  expect(await tokens.verify(token)).toBe('good');
  await world.advance(299_000);
  expect(await tokens.verify(token)).toBe('good');
  await world.advance(1_000);
  expect(await tokens.verify(token)).toBe('expired');
});

test('during the rotation of the secret a token under the old one stays valid, and a new token uses the new one', async () => {
  const { create } = setUp();
  const before = await create([OLD]).issue('cxone');
  const rotating = create([NEW, OLD]);
  expect(await rotating.verify(before.token)).toBe('good');
  const { token } = await rotating.issue('cxone');
  expect(await create([NEW]).verify(token)).toBe('good');
  expect(await create([OLD]).verify(token)).toBe('bad');
  expect(await create([NEW]).verify(before.token)).toBe('bad');
});

test('a client that is removed from the configuration has no valid tokens', async () => {
  const { create, tokens } = setUp();
  const { token } = await tokens.issue('cxone');
  const others = create([NEW], { ...RULE, clients: [{ name: 'other', key: 'a-secret-of-the-other' }] });
  expect(await others.verify(token)).toBe('bad');
});

test('a token that the receiver did not issue is refused: unsigned, signed with the secret itself, without an expiry', async () => {
  const { world, tokens } = setUp();
  const now = Math.floor(world.now() / 1000);
  const unsigned = new UnsecuredJWT({})
    .setSubject('cxone')
    .setExpirationTime(now + 300)
    .encode();
  const signed = (alg: string, secret: string) =>
    new SignJWT()
      .setProtectedHeader({ alg })
      .setSubject('cxone')
      .setExpirationTime(now + 300)
      .sign(Buffer.from(secret));
  for (const made of [unsigned, await signed('HS256', NEW), await signed('HS512', NEW.repeat(2)), '', 'a.b.c', '..']) {
    expect(await tokens.verify(made)).toBe('bad');
  }
});

test('a token with any one character changed is refused', async () => {
  const { tokens } = setUp();
  const { token } = await tokens.issue('cxone');
  // The last character is left out: two of its bits carry no data.
  const changes = fc.tuple(fc.nat({ max: token.length - 2 }), fc.constantFrom(...'AZaz09-_.'));
  await fc.assert(
    fc.asyncProperty(changes, async ([at, character]) => {
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(await tokens.verify(changed)).toBe(changed === token ? 'good' : 'bad');
    }),
  );
});
