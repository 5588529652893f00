// Sessions of operators in a browser: a signed cookie (RFC 6265) names the operator and the session, and a log-out ends both its
// original and every copy.

import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { parse } from 'hono/utils/cookie';
import { deriveKey } from '../../lib/derive-key.ts';
import type { World } from '../../lib/world.ts';
import type { ActivityLog, ActivityPage, ActivityQuery } from '../../store/activity-port.ts';
import type { Identity, NamedKey } from './identity.ts';

/** A session lasts as long as a shift. */
export const SESSION_SECONDS = 8 * 60 * 60;

const SESSION = 'cxone_receiver_session';
/** Remembers that this browser uses the login page, so that pages do not ask for HTTP Basic. */
const PREFERENCE = 'cxone_receiver_login';
const PREFERENCE_SECONDS = 365 * 24 * 60 * 60;

const TOKEN = /^([A-Za-z0-9_-]{1,512})\.(\d{1,15})\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

export type Operator = Extract<Identity, { kind: 'operator' }>;

export type Sessions = ReturnType<typeof createSessions>;

export interface Session {
  readonly id: string;
  readonly operator: Operator;
}

/** Those who may log in, and the path of the receiver behind a proxy. */
interface Owners {
  readonly operators: readonly NamedKey[];
  readonly readers: readonly NamedKey[];
  readonly basePath: string;
}

interface SessionTools {
  readonly world: Pick<World, 'now' | 'id'>;
  readonly store: Pick<ActivityLog, 'listActivity'>;
}

interface Key {
  readonly operator: Operator;
  readonly digest: string;
}

interface Term {
  readonly expiresAt: string;
  readonly id: string;
}

/**
 * The first secret signs, all verify: a session outlives a restart and a rotation. A session ends early with its log-out, and when
 * the operator's key is removed from the configuration.
 */
export function createSessions(
  secrets: readonly [string, ...string[]],
  { operators, readers, basePath }: Owners,
  { world, store }: SessionTools,
) {
  const signingKeys = secrets.map((secret) => deriveKey(secret, 'operator session'));
  const keys: readonly Key[] = [
    ...operators.map(({ name, key }) =>
      keyOf({ kind: 'operator', name, role: 'administrator', hasSession: true }, key),
    ),
    ...readers.map(({ name, key }) => keyOf({ kind: 'operator', name, role: 'reader', hasSession: true }, key)),
  ];
  const ended = createEndedSessions(store, world, SESSION_SECONDS * 1000);
  const macOf = (signingKey: Buffer, { operator: { name, role }, digest }: Key, term: Term) =>
    createHmac('sha256', signingKey).update([term.expiresAt, term.id, role, digest, name].join('\n')).digest();
  const cookie = (name: string, value: string, seconds: number, isSecure: boolean) =>
    `${name}=${value}; Path=${basePath === '' ? '/' : basePath}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;

  return {
    /** Returns the valid session that the `Cookie` header carries; null without one. */
    find: async (cookies: string | undefined): Promise<Session | null> => {
      const [, name = '', expiresAt = '', id = '', mac = ''] = TOKEN.exec(cookieValue(cookies, SESSION) ?? '') ?? [];
      const given = Buffer.from(mac, 'base64url');
      // promise: session-expires
      if (given.length !== 32 || Number(expiresAt) <= world.now()) return null;
      const owner = Buffer.from(name, 'base64url').toString();
      // promise: session-is-signed
      const isSignedFor = (key: Key) =>
        signingKeys.some((one) => timingSafeEqual(macOf(one, key, { expiresAt, id }), given));
      const operator = keys.find((key) => key.operator.name === owner && isSignedFor(key))?.operator;
      // promise: session-ends-at-the-log-out
      if (operator === undefined || (await ended.has(id))) return null;
      return { id, operator };
    },
    /** Returns the `Set-Cookie` field that starts a session of the owner of this key; null if no operator has it. */
    start: (key: string, isSecure: boolean): string | null => {
      const digest = digestOf(key);
      const known = keys.find((one) => one.digest === digest);
      if (known === undefined) return null;
      const expiresAt = String(world.now() + SESSION_SECONDS * 1000);
      const name = Buffer.from(known.operator.name).toString('base64url');
      const id = world.id(world.now());
      const mac = macOf(signingKeys[0] as Buffer, known, { expiresAt, id }).toString('base64url');
      return cookie(SESSION, `${name}.${expiresAt}.${id}.${mac}`, SESSION_SECONDS, isSecure);
    },
    /** Returns the `Set-Cookie` field that takes the session from this browser. The activity of the operator has to name its end. */
    end: (isSecure: boolean): string => cookie(SESSION, '', 0, isSecure),
    /** Returns the `Set-Cookie` field after which `prefersLogin` is true for this browser. */
    preferLogin: (isSecure: boolean): string => cookie(PREFERENCE, 'page', PREFERENCE_SECONDS, isSecure),
    prefersLogin: (cookies: string | undefined): boolean => cookieValue(cookies, PREFERENCE) === 'page',
  };
}

function keyOf(operator: Operator, key: string): Key {
  return { operator, digest: digestOf(key) };
}

function digestOf(key: string): string {
  return hash('sha256', key, 'base64');
}

function cookieValue(cookies: string | undefined, name: string): string | undefined {
  return parse(cookies ?? '', name)[name];
}

/** Lines of activity that one reading takes. */
const PAGE_SIZE = 200;

/** Knows the ids of sessions that ended before their time. @param lifeMs the longest life of a session: earlier ends no longer matter. */
function createEndedSessions(store: Pick<ActivityLog, 'listActivity'>, world: Pick<World, 'now'>, lifeMs: number) {
  /** When each session ended. */
  const ended = new Map<string, number>();
  /** The newest line that was read; null before the first reading. */
  let newest: number | null = null;

  async function readOn(): Promise<void> {
    const [line] = (await store.listActivity({ limit: 1 })).items;
    const through = line?.id ?? 0;
    if (newest !== null && through <= newest) return;
    await readUpTo(through, newest === null ? { from: world.now() - lifeMs } : { after: newest });
    newest = Math.max(newest ?? 0, through);
    for (const [id, at] of ended) if (at < world.now() - lifeMs) ended.delete(id);
  }

  async function readUpTo(through: number, since: Pick<ActivityQuery, 'from' | 'after'>): Promise<void> {
    for (let before: number | null = through + 1; before !== null; ) {
      const page: ActivityPage = await store.listActivity({ action: 'log-out', ...since, before, limit: PAGE_SIZE });
      for (const { target, startedAt } of page.items) if (target !== null) ended.set(target, startedAt);
      before = page.next;
    }
  }

  return {
    has: async (id: string): Promise<boolean> => {
      await readOn();
      return ended.has(id);
    },
  };
}
