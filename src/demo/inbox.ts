// The demo app's endpoint for notifications: believes only what is signed, and remembers what it was told of which execution.

import { randomBytes } from 'node:crypto';
import { verifyNotification } from '../client/verify-notification.ts';
import { listen } from '../http/server/server.ts';

export interface Inbox {
  readonly origin: string;
  readonly url: string;
  /** What the receiver is to sign with. */
  readonly secret: string;
  /** What was told of an execution, in order and as often as it was told: `execution.completed`, … */
  notificationsOf(correlationId: string): readonly string[];
  /** How many were turned away: the first one on purpose, and whatever was not signed. */
  readonly turnedAway: { readonly onPurpose: number; readonly notGenuine: number };
  close(): Promise<void>;
}

/** Listens on a loopback port. Turns the first away, so that it has to come again. */
export async function openInbox(): Promise<Inbox> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const told = new Map<string, string[]>();
  const turnedAway = { onPurpose: 0, notGenuine: 0 };

  async function take(request: Request): Promise<Response> {
    const body = await request.text();
    try {
      const { type, data } = await verifyNotification(secret, request.headers, body);
      if (turnedAway.onPurpose === 0) {
        turnedAway.onPurpose += 1;
        return new Response(null, { status: 503 });
      }
      told.set(data.correlationId, [...(told.get(data.correlationId) ?? []), type]);
      return new Response(null, { status: 204 });
    } catch {
      turnedAway.notGenuine += 1;
      return new Response(null, { status: 400 });
    }
  }

  const { url, close } = await listen(take, { host: '127.0.0.1', port: 0 });
  return {
    origin: url,
    url: `${url}/notifications`,
    secret,
    notificationsOf: (correlationId) => told.get(correlationId) ?? [],
    turnedAway,
    close: () => close(0),
  };
}
