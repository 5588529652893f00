// CSRF tokens of the console's forms, bound to one operator and to their time of issue.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from '../../lib/derive-key.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';

/** How long a form stays valid after it was shown. */
const LIFE_MS = 12 * HOUR_MS;

const TOKEN = /^(\d{1,15})\.([A-Za-z0-9_-]{43})$/;

export type CsrfTokens = ReturnType<typeof createCsrfTokens>;

/** The first secret signs, all verify: a form outlives a restart and a rotation. */
export function createCsrfTokens(secrets: readonly [string, ...string[]], world: Pick<World, 'now'>) {
  const keys = secrets.map((secret) => deriveKey(secret, 'form token'));
  return {
    mint: (who: string): string => {
      const at = String(world.now());
      return `${at}.${macOf(keys[0] as Buffer, who, at).toString('base64url')}`;
    },
    /** Returns when the token was issued, milliseconds; null for one that does not count. */
    issuedAt: (who: string, token: string): number | null => {
      const [, at = '', mac = ''] = TOKEN.exec(token) ?? [];
      if (at === '' || Math.abs(world.now() - Number(at)) > LIFE_MS) return null;
      const given = Buffer.from(mac, 'base64url');
      // promise: csrf-token-of-one-operator
      return keys.some((key) => timingSafeEqual(macOf(key, who, at), given)) ? Number(at) : null;
    },
  };
}

function macOf(key: Buffer, who: string, at: string): Buffer {
  return createHmac('sha256', key).update(`${at}\n${who}`).digest();
}
