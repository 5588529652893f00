// What a form of ours carries, so that nobody else's page can send it: bound to the operator it was made for, and to its day.

import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { World } from '../../lib/world.ts';

/** How long a page may lie open before its buttons have to be asked for again. */
const LIFE_MS = 12 * 60 * 60 * 1000;

const TOKEN = /^(\d{1,15})\.([A-Za-z0-9_-]{43})$/;

export interface CsrfTokens {
  mint(who: string): string;
  verify(who: string, token: string): boolean;
}

/** The first secret signs, all verify: a form outlives a restart and a rotation. */
export function createCsrfTokens(secrets: readonly [string, ...string[]], world: Pick<World, 'now'>): CsrfTokens {
  const keys = secrets.map(keyOf);
  return {
    mint: (who) => {
      const at = String(world.now());
      return `${at}.${macOf(keys[0] as Buffer, who, at).toString('base64url')}`;
    },
    verify: (who, token) => {
      const [, at = '', mac = ''] = TOKEN.exec(token) ?? [];
      if (at === '' || Math.abs(world.now() - Number(at)) > LIFE_MS) return false;
      const given = Buffer.from(mac, 'base64url');
      // promise: csrf-token-of-one-operator
      return keys.some((key) => timingSafeEqual(macOf(key, who, at), given));
    },
  };
}

/** HKDF-SHA256 (RFC 5869): what signs forms can sign nothing else. */
function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'cxone-callback-receiver form token', 32));
}

function macOf(key: Buffer, who: string, at: string): Buffer {
  return createHmac('sha256', key).update(`${at}\n${who}`).digest();
}
