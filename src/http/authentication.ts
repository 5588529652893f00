// Who is asking: apps and operators by bearer key (RFC 6750), operators also by HTTP Basic (RFC 7617) for their browsers.

import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { createClients } from './checks/clients.ts';
import type { HttpDependencies, NamedKey } from './dependencies.ts';
import { createNotice } from './notices.ts';
import { problem } from './problems.ts';
import { createThrottle } from './throttle.ts';

export interface Identity {
  readonly kind: 'app' | 'operator';
  readonly name: string;
}

type Handler = (c: Context, caller: Identity) => Response | Promise<Response>;
type Guarded = (c: Context) => Response | Promise<Response>;

/** Wraps handlers so that only those may call them who are meant to. */
export interface Guard {
  anyone(handler: Handler): Guarded;
  app(handler: Handler): Guarded;
  operator(handler: Handler): Guarded;
}

type Dependencies = Pick<
  HttpDependencies,
  'apps' | 'operators' | 'trustedProxies' | 'world' | 'log' | 'observeKeyRefusal'
>;

export function createGuard(deps: Dependencies): Guard {
  const identify = createIdentify(deps.apps, deps.operators);
  const refuse = createRefuse(deps);
  const admit = (handler: Handler, kind: Identity['kind'] | null, otherwise: string): Guarded => {
    return (c) => {
      const authorization = c.req.header('authorization');
      const caller = identify(authorization);
      if (caller === null) return authorization === undefined ? unauthorized(false) : refuse(c);
      return kind === null || caller.kind === kind ? handler(c, caller) : problem('forbidden', otherwise);
    };
  };
  return {
    anyone: (handler) => admit(handler, null, ''),
    app: (handler) =>
      admit(handler, 'app', 'An execution belongs to an app: use the key of an app, not the key of an operator.'),
    operator: (handler) => admit(handler, 'operator', 'This is for operators: use the key of an operator.'),
  };
}

/** For keys that are not known here: 401 at first, then 429 for a while. Asking without a key guesses nothing and is not counted. */
function createRefuse({ world, log, trustedProxies, observeKeyRefusal }: Dependencies): (c: Context) => Response {
  const refused = createNotice(log, world, 'keys refused');
  const throttle = createThrottle(world);
  const clients = createClients(trustedProxies);
  return (c) => {
    const client = clients.allowanceOf(c);
    const wait = throttle.fail(client);
    const why = wait > 0 ? 'throttled' : 'invalid-key';
    observeKeyRefusal(why);
    refused(why, { client });
    if (wait === 0) return unauthorized(true);
    return problem('too-many-failures', 'Too many wrong keys came from this address. A right one still passes.', {
      headers: { 'retry-after': String(wait) },
    });
  };
}

export function createIdentify(
  apps: readonly NamedKey[],
  operators: readonly NamedKey[],
): (authorization: string | undefined) => Identity | null {
  // Keys are looked up by digest, so that the time a look-up takes tells nothing about a key.
  const known = new Map<string, Identity>();
  for (const { name, key } of apps) known.set(digest(Buffer.from(key)), { kind: 'app', name });
  for (const { name, key } of operators) known.set(digest(Buffer.from(key)), { kind: 'operator', name });

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
  return createHash('sha256').update(key).digest('base64');
}

function unauthorized(tried: boolean): Response {
  const detail = tried
    ? 'The key in the Authorization header is not one that is known here.'
    : 'Send a key: "Authorization: Bearer KEY".';
  // Basic comes first: some browsers look at the first challenge only.
  const bearer = `Bearer realm="cxone-callback-receiver"${tried ? ', error="invalid_token"' : ''}`;
  return problem('unauthorized', detail, {
    headers: { 'www-authenticate': `Basic realm="cxone-callback-receiver", charset="UTF-8", ${bearer}` },
  });
}
