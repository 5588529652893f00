// Tokens for callbacks: only those given out here, to a client that is still known, while they last.

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

test('a token is good until its time is over, and then it has expired', async () => {
  const { world, tokens } = setUp();
  const { token, lifetimeSeconds } = await tokens.issue('cxone');
  expect(lifetimeSeconds).toBe(300);
  expect(await tokens.verify(token)).toBe('good');
  await world.advance(299_000);
  expect(await tokens.verify(token)).toBe('good');
  await world.advance(1_000);
  expect(await tokens.verify(token)).toBe('expired');
});

test('while the secret is rotated tokens under the old one stay good, and new ones are under the new one', async () => {
  const { create } = setUp();
  const before = await create([OLD]).issue('cxone');
  const rotating = create([NEW, OLD]);
  expect(await rotating.verify(before.token)).toBe('good');
  const { token } = await rotating.issue('cxone');
  expect(await create([NEW]).verify(token)).toBe('good');
  expect(await create([OLD]).verify(token)).toBe('bad');
  expect(await create([NEW]).verify(before.token)).toBe('bad');
});

test('a client that is taken out of the configuration has no good tokens any more', async () => {
  const { create, tokens } = setUp();
  const { token } = await tokens.issue('cxone');
  const others = create([NEW], { ...RULE, clients: [{ name: 'other', key: 'a-secret-of-the-other' }] });
  expect(await others.verify(token)).toBe('bad');
});

test('what others made is no token: unsigned, under the secret itself, without an end', async () => {
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

test('every change of a character makes it a bad one', async () => {
  const { tokens } = setUp();
  const { token } = await tokens.issue('cxone');
  // But for the last: two of its bits stand for nothing.
  const changes = fc.tuple(fc.nat({ max: token.length - 2 }), fc.constantFrom(...'AZaz09-_.'));
  await fc.assert(
    fc.asyncProperty(changes, async ([at, character]) => {
      const changed = token.slice(0, at) + character + token.slice(at + 1);
      expect(await tokens.verify(changed)).toBe(changed === token ? 'good' : 'bad');
    }),
  );
});
