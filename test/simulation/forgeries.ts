// Callback URLs that an attacker makes from a known URL without the secret.

import type { Forgery } from './history.ts';
import { PUBLIC_URL } from './receiver.ts';
import type { Run } from './truth.ts';

/** Null when there is no URL yet to make one from. */
export function forge(forgery: Forgery, slot: number, runs: readonly Run[]): string | null {
  const genuine = runs.findLast((run) => run.slot === slot)?.callbackUrl;
  if (genuine === undefined) return null;
  const dot = genuine.lastIndexOf('.');
  const [reference, mac] = [genuine.slice(0, dot), genuine.slice(dot + 1)];
  switch (forgery) {
    case 'another signature':
      return `${reference}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
    case 'the signature of another': {
      const other = runs.find(({ callbackUrl }) => !callbackUrl.startsWith(reference))?.callbackUrl;
      return other === undefined ? null : `${reference}.${other.slice(other.lastIndexOf('.') + 1)}`;
    }
    case 'no token at all':
      return `${PUBLIC_URL}/webhook/cxone-execution/order-${slot}`;
    case 'a trailing bit':
      return `${reference}.${mac.slice(0, -1)}${String.fromCharCode(mac.charCodeAt(mac.length - 1) + 1)}`;
    default:
      return forgery satisfies never;
  }
}
