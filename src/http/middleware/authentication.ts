// Authenticates apps and operators by bearer key (RFC 6750), and operators also by HTTP Basic (RFC 7617) or a session cookie.
//
// Operators see the data of all apps. Readers change nothing; administrators may do what apps may do, and more.

import { hash } from 'node:crypto';
import type { Context } from 'hono';
import { longWorkSlice } from '../../lib/event-loop.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import type { Access, HttpDependencies } from '../dependencies.ts';
import { problem } from '../response/problem.ts';
import { createClientAddresses, requestOrigin } from './client-address.ts';
import { createFailureThrottle } from './failure-throttle.ts';
import type { Identity, NamedKey } from './identity.ts';
import { isBasic, isForged } from './same-origin.ts';

type Handler = (c: Context, caller: Identity) => Response | Promise<Response>;
type Guarded = (c: Context) => Response | Promise<Response>;

/** Wraps handlers with an access rule. */
export type Guard = ReturnType<typeof createGuard>;

type Dependencies = Pick<HttpDependencies, 'access' | 'runtime' | 'metrics'>;

export function createGuard(deps: Dependencies) {
  const { sessions } = deps.access;
  const identify = createAuthenticator(deps.access);
  const refusals = createKeyRefusals(deps);

  async function callerBySession(c: Context): Promise<Identity | Response> {
    const session = await sessions.find(c.req.header('cookie'));
    return session === null ? unauthorized(false) : (refusedAsForged(c) ?? session.operator);
  }

  /** Returns the caller, or the response to a request whose credentials do not count. */
  function callerByKey(c: Context, authorization: string): Identity | Response {
    const caller = identify(authorization);
    if (caller === null) return refusals.wrongKey(c);
    return refusals.operatorMustWait(c, caller) ?? (isBasic(authorization) ? refusedAsForged(c) : null) ?? caller;
  }

  /** @param refusal returns why the caller is not allowed, or null. */
  const admit = (handler: Handler, refusal: (caller: Identity) => string | null): Guarded => {
    const pass = (c: Context, caller: Identity | Response) => {
      if (caller instanceof Response) return caller;
      const why = refusal(caller);
      if (why !== null) return problem('forbidden', why);
      // promise: operators-read-in-slices
      return isReading(c, caller) ? longWorkSlice().then(() => handler(c, caller)) : handler(c, caller);
    };
    return (c) => {
      const authorization = c.req.header('authorization');
      // Without a wait for requests with a key, which are most.
      if (authorization !== undefined) return pass(c, callerByKey(c, authorization));
      return callerBySession(c).then((caller) => pass(c, caller));
    };
  };
  return {
    /** Any key. */
    anyone: (handler: Handler): Guarded => admit(handler, () => null),
    app: (handler: Handler): Guarded => admit(handler, ({ kind }) => (kind === 'app' ? null : FOR_APPS)),
    /** Readers and administrators. */
    operator: (handler: Handler): Guarded => admit(handler, ({ kind }) => (kind === 'operator' ? null : FOR_OPERATORS)),
    /** Apps and administrators: for changes to what belongs to an app. */
    owner: (handler: Handler): Guarded => admit(handler, (caller) => (isReader(caller) ? FOR_ADMINISTRATORS : null)),
    administrator: (handler: Handler): Guarded =>
      admit(handler, (caller) => (caller.kind === 'app' || isReader(caller) ? FOR_ADMINISTRATORS : null)),
    /** Returns the response to a key that a form carries, if it is unknown or its address must wait; null for a valid key. */
    refusedKey: (c: Context, key: string): Response | null => {
      const caller = identify(`Bearer ${Buffer.from(key).toString('latin1')}`);
      return caller === null ? refusals.wrongKey(c) : refusals.operatorMustWait(c, caller);
    },
  };
}

const FOR_APPS = 'This is for apps: use the key of an app, not the key of an operator.';
const FOR_OPERATORS = 'This is for operators: use the key of an operator.';
const FORGED =
  'A page of another site made your browser send this, so nothing was changed. If it was you, do it from the page at /.';
const TOO_MANY_FAILURES =
  'Too many wrong keys came from this address. Keys of operators must wait, valid ones too; valid keys of apps still pass.';
const FOR_ADMINISTRATORS =
  'This needs the key of an administrator, from OPERATOR_KEYS: a key from READER_KEYS looks and changes nothing.';

/** For credentials that a browser adds by itself. */
function refusedAsForged(c: Context): Response | null {
  // promise: cross-site-request-is-refused
  return isForged(c.req.raw) ? problem('forbidden', FORGED) : null;
}

/** Thirty pages or scrapes at once would take a tenth of a second in one go: callbacks come first. */
function isReading(c: Context, caller: Identity): boolean {
  return caller.kind === 'operator' && (c.req.method === 'GET' || c.req.method === 'HEAD');
}

function isReader(caller: Identity): boolean {
  // promise: reader-changes-nothing
  return caller.kind === 'operator' && caller.role === 'reader';
}

function createKeyRefusals({ access, runtime, metrics }: Dependencies) {
  const refused = createSampledWarning(runtime.log, runtime.world, 'keys refused');
  const throttle = createFailureThrottle(runtime.world);
  const clients = createClientAddresses(access.trustedProxies);

  function refusal(client: string, wait: number): Response {
    const why = wait > 0 ? 'throttled' : 'invalid-key';
    metrics.observeKeyRefusal(why);
    refused(why, { client });
    if (wait === 0) return unauthorized(true);
    return problem('too-many-failures', TOO_MANY_FAILURES, { headers: { 'retry-after': String(wait) } });
  }

  return {
    /** Responds to an unknown key: 401 at first, then 429 for a while. A request without a key guesses nothing and is not counted. */
    wrongKey: (c: Context): Response => {
      const client = clients.throttleKey(requestOrigin(c));
      return refusal(client, throttle.fail(client));
    },
    /** Returns the same 429 for a valid key of an operator while its address must wait; otherwise null. */
    operatorMustWait: (c: Context, { kind }: Identity): Response | null => {
      // Apps have long keys and may share an address with others, so their valid keys pass.
      if (kind === 'app') return null;
      const client = clients.throttleKey(requestOrigin(c));
      const wait = throttle.waitOf(client);
      // The response to a wrong key is the same, so that guessing learns nothing.
      // promise: right-guess-waits
      return wait > 0 ? refusal(client, wait) : null;
    },
  };
}

export function createAuthenticator({
  apps,
  operators,
  readers,
}: Pick<Access, 'apps' | 'operators' | 'readers'>): (authorization: string | undefined) => Identity | null {
  // Keys are looked up by digest, so that the duration of a look-up reveals nothing about a key.
  const known = new Map<string, Identity>();
  const know = ({ key }: NamedKey, identity: Identity) => known.set(digest(Buffer.from(key)), identity);
  for (const app of apps) know(app, { kind: 'app', name: app.name });
  for (const reader of readers) know(reader, { kind: 'operator', name: reader.name, role: 'reader' });
  for (const operator of operators) know(operator, { kind: 'operator', name: operator.name, role: 'administrator' });

  return (authorization) => {
    const [, scheme = '', credentials = ''] = /^(\w+) +(.+)$/.exec(authorization ?? '') ?? [];
    switch (scheme.toLowerCase()) {
      case 'bearer':
        // Node reads header bytes as Latin-1.
        return known.get(digest(Buffer.from(credentials, 'latin1'))) ?? null;
      case 'basic': {
        const [name, key] = nameAndKey(Buffer.from(credentials, 'base64'));
        const identity = known.get(digest(key));
        return identity?.kind === 'operator' && identity.name === name ? identity : null;
      }
      default:
        return null;
    }
  };
}

function nameAndKey(bytes: Buffer): [name: string, key: Buffer] {
  const colon = bytes.indexOf(':');
  return colon === -1 ? ['', bytes] : [bytes.subarray(0, colon).toString(), bytes.subarray(colon + 1)];
}

function digest(key: Buffer): string {
  return hash('sha256', key, 'base64');
}

function unauthorized(tried: boolean): Response {
  const detail = tried
    ? 'The key in the Authorization header is not one that is known here.'
    : 'Send a key: "Authorization: Bearer KEY".';
  // Basic comes first, because some browsers read the first challenge only.
  const bearer = `Bearer realm="cxone-callback-receiver"${tried ? ', error="invalid_token"' : ''}`;
  return problem('unauthorized', detail, {
    headers: { 'www-authenticate': `Basic realm="cxone-callback-receiver", charset="UTF-8", ${bearer}` },
  });
}
