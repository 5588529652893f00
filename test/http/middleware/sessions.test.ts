// Sessions of operators in a browser: whom a cookie identifies, and for how long.

import { expect, test } from 'vitest';
import { createSessions, SESSION_SECONDS, type Sessions } from '../../../src/http/middleware/sessions.ts';
import type { World } from '../../../src/lib/world.ts';
import { createManualWorld } from '../../support/manual-world.ts';
import { createStoreInMemory } from '../../support/store-in-memory.ts';

const ALICE = { name: 'alice', key: 'the key of alice' };
const CAROL = { name: 'carol', key: 'the key of carol' };
const BOTH = { operators: [ALICE], readers: [CAROL], basePath: '' };
const SECRET = 'a secret of at least 32 characters';

const tools = (world: Pick<World, 'now' | 'id'> = createManualWorld()) => ({ world, store: createStoreInMemory() });

/** Returns the Cookie header of the browser that got this Set-Cookie field. */
function carried(field: string | null): string {
  return field?.split(';')[0] ?? '';
}

function startedBy(sessions: Sessions, { key }: { readonly key: string }): string {
  return carried(sessions.start(key, true));
}

test('a session stands for the operator whose key started it, with the same role', async () => {
  const sessions = createSessions([SECRET], BOTH, tools());
  const common = { kind: 'operator', hasSession: true };
  expect((await sessions.find(startedBy(sessions, ALICE)))?.operator).toEqual({
    ...common,
    name: 'alice',
    role: 'administrator',
  });
  const among = `theme=dark; ${startedBy(sessions, CAROL)}; other=1`;
  expect((await sessions.find(among))?.operator).toEqual({ ...common, name: 'carol', role: 'reader' });
  expect(sessions.start('another key', true)).toBeNull();
});

test('the cookie is hidden from scripts, sent by no form of another site, and sent over https alone if it came over https', () => {
  const sessions = createSessions([SECRET], { ...BOTH, basePath: '/receiver' }, tools());
  expect(sessions.start(ALICE.key, true)).toMatch(/; Path=\/receiver; Max-Age=28800; HttpOnly; SameSite=Lax; Secure$/);
  expect(sessions.start(ALICE.key, false)).toMatch(/; SameSite=Lax$/);
});

test('a session ends after eight hours', async () => {
  const world = createManualWorld();
  const sessions = createSessions([SECRET], BOTH, tools(world));
  const cookie = startedBy(sessions, ALICE);
  await world.advance(SESSION_SECONDS * 1000 - 1);
  expect(await sessions.find(cookie)).not.toBeNull();
  await world.advance(1);
  expect(await sessions.find(cookie)).toBeNull();
});

test('a session outlives a restart and a rotation of the secret, and no operator whose key was replaced', async () => {
  const world = createManualWorld();
  const cookie = startedBy(createSessions([SECRET], BOTH, tools(world)), ALICE);
  const rotated = 'another secret of 32 characters!';
  expect(await createSessions([rotated, SECRET], BOTH, tools(world)).find(cookie)).not.toBeNull();
  expect(await createSessions([rotated], BOTH, tools(world)).find(cookie)).toBeNull();
  const replaced = { ...BOTH, operators: [{ ...ALICE, key: 'the new key of alice' }] };
  expect(await createSessions([SECRET], replaced, tools(world)).find(cookie)).toBeNull();
  const demoted = { ...BOTH, operators: [], readers: [ALICE] };
  expect(await createSessions([SECRET], demoted, tools(world)).find(cookie)).toBeNull();
});

test('a session that ended by a log-out stays ended at every receiver of the store, and no other session ends', async () => {
  const world = createManualWorld();
  const { store } = tools();
  const one = createSessions([SECRET], BOTH, { world, store });
  const [first, second] = [startedBy(one, ALICE), startedBy(one, ALICE)];
  const session = await one.find(first);
  const line = {
    action: 'log-out',
    by: 'operator:alice',
    target: session?.id ?? '',
    filter: null,
    reason: null,
  } as const;
  await store.beginActivity({ ...line, startedAt: world.now() });
  const other = createSessions([SECRET], BOTH, { world, store });
  for (const sessions of [one, other]) {
    expect(await sessions.find(first)).toBeNull();
    expect(await sessions.find(second)).not.toBeNull();
  }
  for (let i = 0; i < 500; i += 1) {
    await store.beginActivity({ ...line, action: 'poll', target: 'x', startedAt: world.now() });
  }
  expect(await createSessions([SECRET], BOTH, { world, store }).find(first)).toBeNull();
  const id = (await one.find(second))?.id ?? '';
  await store.beginActivity({ ...line, target: id, startedAt: world.now() });
  for (const sessions of [one, other]) expect(await sessions.find(second)).toBeNull();
});

test.for([
  ['no cookie', () => undefined],
  ['another cookie', () => 'session=1'],
  ['an empty session', () => 'cxone_receiver_session='],
  ['the name of another operator', (cookie: string) => cookie.replace(nameOf('carol'), nameOf('alice'))],
  ['a later end', (cookie: string) => cookie.replace(/\.(\d+)\./, (_, end) => `.${Number(end) + 1}.`)],
  [
    'the id of another session',
    (cookie: string) => cookie.replace(/.\.([^.]+)$/, (end) => (end.startsWith('0') ? '1' : '0') + end.slice(1)),
  ],
  ['another signature', (cookie: string) => `${cookie.slice(0, -43)}${'A'.repeat(43)}`],
  ['a signature that is cut', (cookie: string) => cookie.slice(0, -1)],
] as const)('%s identifies no operator', async ([, change]) => {
  const sessions = createSessions([SECRET], BOTH, tools());
  expect(await sessions.find(change(startedBy(sessions, CAROL)))).toBeNull();
});

function nameOf(name: string): string {
  return `=${Buffer.from(name).toString('base64url')}.`;
}
