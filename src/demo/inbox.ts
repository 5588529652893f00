// The demo app's endpoint for notifications: verifies the signatures and records the notifications per execution.

import { randomBytes } from 'node:crypto';
import { verifyNotification } from '../client/verify-notification.ts';
import { listen } from '../http/server/server.ts';

export interface Inbox {
  readonly origin: string;
  readonly url: string;
  /** Signing secret of the receiver. */
  readonly secret: string;
  /** Types of the notifications of an execution in order of arrival, repeats included: `execution.completed`, … */
  notificationsOf(correlationId: string): readonly string[];
  /** Rejected notifications: the first one on purpose, and those with a wrong signature. */
  readonly turnedAway: { readonly onPurpose: number; readonly notGenuine: number };
  close(): Promise<void>;
}

/** Listens on a loopback port. Rejects the first notification, so that the receiver has to retry. */
export async function openInbox(): Promise<Inbox> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const notified = new Map<string, string[]>();
  const turnedAway = { onPurpose: 0, notGenuine: 0 };

  async function take(request: Request): Promise<Response> {
    const body = await request.text();
    try {
      const { type, data } = await verifyNotification(secret, request.headers, body);
      if (turnedAway.onPurpose === 0) {
        turnedAway.onPurpose += 1;
        return new Response(null, { status: 503 });
      }
      notified.set(data.correlationId, [...(notified.get(data.correlationId) ?? []), type]);
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
    notificationsOf: (correlationId) => notified.get(correlationId) ?? [],
    turnedAway,
    close: () => close(0),
  };
}
