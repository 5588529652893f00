// Sessions of operators in a browser: whom a cookie identifies, and for how long.

import { expect, test } from 'vitest';
import { createSessions, SESSION_SECONDS, type Sessions } from '../../../src/http/middleware/sessions.ts';
import { createManualWorld } from '../../support/manual-world.ts';

const ALICE = { name: 'alice', key: 'the key of alice' };
const CAROL = { name: 'carol', key: 'the key of carol' };
const BOTH = { operators: [ALICE], readers: [CAROL], basePath: '' };
const SECRET = 'a secret of at least 32 characters';

/** Returns the Cookie header of the browser that got this Set-Cookie field. */
function carried(field: string | null): string {
  return field?.split(';')[0] ?? '';
}

function startedBy(sessions: Sessions, { key }: { readonly key: string }): string {
  return carried(sessions.start(key, true));
}

test('a session stands for the operator whose key started it, with the same role', () => {
  const sessions = createSessions([SECRET], BOTH, createManualWorld());
  const common = { kind: 'operator', hasSession: true };
  expect(sessions.identify(startedBy(sessions, ALICE))).toEqual({ ...common, name: 'alice', role: 'administrator' });
  const among = `theme=dark; ${startedBy(sessions, CAROL)}; other=1`;
  expect(sessions.identify(among)).toEqual({ ...common, name: 'carol', role: 'reader' });
  expect(sessions.start('another key', true)).toBeNull();
});

test('the cookie is hidden from scripts, sent by no form of another site, and sent over https alone if it came over https', () => {
  const sessions = createSessions([SECRET], { ...BOTH, basePath: '/receiver' }, createManualWorld());
  expect(sessions.start(ALICE.key, true)).toMatch(/; Path=\/receiver; Max-Age=28800; HttpOnly; SameSite=Lax; Secure$/);
  expect(sessions.start(ALICE.key, false)).toMatch(/; SameSite=Lax$/);
});

test('a session ends after eight hours', async () => {
  const world = createManualWorld();
  const sessions = createSessions([SECRET], BOTH, world);
  const cookie = startedBy(sessions, ALICE);
  await world.advance(SESSION_SECONDS * 1000 - 1);
  expect(sessions.identify(cookie)).not.toBeNull();
  await world.advance(1);
  expect(sessions.identify(cookie)).toBeNull();
});

test('a session outlives a restart and a rotation of the secret, and no operator whose key was replaced', () => {
  const world = createManualWorld();
  const cookie = startedBy(createSessions([SECRET], BOTH, world), ALICE);
  const rotated = 'another secret of 32 characters!';
  expect(createSessions([rotated, SECRET], BOTH, world).identify(cookie)).not.toBeNull();
  expect(createSessions([rotated], BOTH, world).identify(cookie)).toBeNull();
  const replaced = { ...BOTH, operators: [{ ...ALICE, key: 'the new key of alice' }] };
  expect(createSessions([SECRET], replaced, world).identify(cookie)).toBeNull();
  const demoted = { ...BOTH, operators: [], readers: [ALICE] };
  expect(createSessions([SECRET], demoted, world).identify(cookie)).toBeNull();
});

test.for([
  ['no cookie', () => undefined],
  ['another cookie', () => 'session=1'],
  ['an empty session', () => 'cxone_receiver_session='],
  ['the name of another operator', (cookie: string) => cookie.replace(nameOf('carol'), nameOf('alice'))],
  ['a later end', (cookie: string) => cookie.replace(/\.(\d+)\./, (_, end) => `.${Number(end) + 1}.`)],
  ['another signature', (cookie: string) => `${cookie.slice(0, -43)}${'A'.repeat(43)}`],
  ['a signature that is cut', (cookie: string) => cookie.slice(0, -1)],
] as const)('%s identifies no operator', ([, change]) => {
  const sessions = createSessions([SECRET], BOTH, createManualWorld());
  expect(sessions.identify(change(startedBy(sessions, CAROL)))).toBeNull();
});

function nameOf(name: string): string {
  return `=${Buffer.from(name).toString('base64url')}.`;
}
