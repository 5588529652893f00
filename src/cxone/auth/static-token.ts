// A token from the configuration: used until it expires, never renewed.

import { createPause } from '../../lib/backoff.ts';
import type { Log } from '../../lib/log.ts';
import { isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { TokenUnavailable } from '../port.ts';
import type { AccessTokens } from './access-token.ts';
import type { CredentialSource } from './credential-source.ts';
import { createTokenRecord } from './token-record.ts';
import { claimsOf, expiryOf } from './token-response.ts';

/** Pause after CXone has refused the token: queued executions wait for a new token instead of being refused. */
const HOLD_MS = 8_000;

const REFUSED = 'CXone does not take CXONE_TOKEN; set a new one and restart, or rewrite CXONE_TOKEN_FILE';

export function createStaticToken(
  credentials: CredentialSource,
  world: Pick<World, 'now' | 'elapsed'>,
  log: Log,
): AccessTokens {
  let token = credentials.current().token ?? '';
  let endsAt = expiryOf(token);
  const record = createTokenRecord(world.elapsed);
  const hold = createPause(world);
  let refusedAt: number | null = null;
  let warned = false;

  /** Returns whether CXONE_TOKEN_FILE has another token now. */
  function readAgain(): boolean {
    if (!credentials.refresh()) return false;
    token = credentials.current().token ?? '';
    endsAt = expiryOf(token);
    refusedAt = null;
    hold.end();
    warned = false;
    log.info({}, 'CXone did not take the token; its file has changed and was read again');
    return true;
  }

  function warnOnce(): void {
    if (warned || endsAt === null) return;
    warned = true;
    log.warn({ endsAt: isoTime(endsAt) }, 'CXONE_TOKEN is not renewed: set a new one before it ends');
  }

  return {
    get: async () => {
      const hasEnded = () => endsAt !== null && world.now() >= endsAt;
      if (hasEnded()) readAgain();
      warnOnce();
      if (hasEnded()) {
        throw new TokenUnavailable('CXONE_TOKEN has ended; set a new one and restart, or rewrite CXONE_TOKEN_FILE', {
          retryAfterMs: HOLD_MS,
        });
      }
      const left = hold.remainingMs();
      if (left > 0 && !readAgain()) {
        throw new TokenUnavailable(REFUSED, { retryAfterMs: left, httpStatus: 401 });
      }
      return token;
    },
    accepted: (acceptedToken, requester, sentAt) => {
      if (acceptedToken !== token) return;
      record.accepted(token, requester, sentAt);
      refusedAt = null;
      hold.end();
    },
    refused: (refusedToken, requester) => {
      if (refusedToken !== token) return 'renew';
      const cause = record.refused(token, requester);
      if (cause !== 'token') return cause;
      if (readAgain()) return 'renew';
      refusedAt = world.now();
      // promise: static-token-keeps-submissions
      hold.start(HOLD_MS);
      return 'renew';
    },
    problem: () => (refusedAt === null ? null : { reason: REFUSED, since: refusedAt }),
    pause: () => null,
    takePause: () => {},
    watchPause: () => {},
    missingScopes: () => [],
    claims: () => [claimsOf(token)],
    baseUrl: () => null,
    secrets: credentials.secrets,
  };
}
