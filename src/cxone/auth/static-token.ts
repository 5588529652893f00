// A token from the configuration: used until it expires, never renewed.

import { createPause } from '../../lib/backoff.ts';
import type { Log } from '../../lib/log.ts';
import { isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { TokenUnavailable } from '../port.ts';
import type { AccessTokens } from './access-token.ts';
import { createTokenRecord } from './token-record.ts';
import { type Credentials, secretsOf } from './token-request.ts';
import { claimsOf, expiryOf } from './token-response.ts';

/** Pause after CXone has refused the token: queued executions wait for a new token instead of being refused. */
const HOLD_MS = 8_000;

const REFUSED = 'CXone does not take CXONE_TOKEN; set a new one and restart';

export function createStaticToken(
  credentials: Credentials,
  world: Pick<World, 'now' | 'elapsed'>,
  log: Log,
): AccessTokens {
  const token = credentials.token ?? '';
  const endsAt = expiryOf(token);
  const record = createTokenRecord(world.elapsed);
  const hold = createPause(world);
  let refusedAt: number | null = null;
  let warned = false;

  function warnOnce(): void {
    if (warned || endsAt === null) return;
    warned = true;
    log.warn({ endsAt: isoTime(endsAt) }, 'CXONE_TOKEN is not renewed: set a new one before it ends');
  }

  return {
    get: async () => {
      warnOnce();
      if (endsAt !== null && world.now() >= endsAt) {
        throw new TokenUnavailable('CXONE_TOKEN has ended; set a new one and restart', { retryAfterMs: HOLD_MS });
      }
      const left = hold.remainingMs();
      if (left > 0) {
        throw new TokenUnavailable(REFUSED, { retryAfterMs: left, httpStatus: 401 });
      }
      return token;
    },
    accepted: (_, requester, sentAt) => {
      record.accepted(token, requester, sentAt);
      refusedAt = null;
      hold.end();
    },
    refused: (_, requester) => {
      const cause = record.refused(token, requester);
      if (cause !== 'token') return cause;
      // promise: static-token-keeps-submissions
      refusedAt = world.now();
      hold.start(HOLD_MS);
      return 'renew';
    },
    problem: () => (refusedAt === null ? null : { reason: REFUSED, since: refusedAt }),
    missingScopes: () => [],
    claims: () => [claimsOf(token)],
    secrets: () => secretsOf(credentials),
  };
}
