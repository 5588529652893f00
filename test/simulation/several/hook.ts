// The endpoint of the app: it refuses some notifications, and keeps a journal of those that it accepted.

import type { Dice } from '../../../src/simulator/dice.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';

const REFUSED = 0.15;
/** More, because a late result may follow, which must wait. */
const REFUSED_CANCELLED = 0.5;

export interface AcceptedNotification {
  readonly type: string;
  readonly correlationId: string;
  /** Of the execution in it. */
  readonly status: string;
}

export interface Hook {
  readonly url: string;
  readonly origin: string;
  /** In the order of their arrival. */
  readonly accepted: readonly AcceptedNotification[];
  /** Refuses nothing any more. */
  heal(): void;
}

export async function startHook(dice: Dice): Promise<Hook> {
  const accepted: AcceptedNotification[] = [];
  let isHealed = false;
  let count = 0;
  const server = await startWebhookReceiver();
  server.answer = ({ body }) => {
    count += 1;
    const { type, data } = JSON.parse(body);
    const refused = type === 'execution.cancelled' ? REFUSED_CANCELLED : REFUSED;
    if (!isHealed && dice.roll('notification', count) < refused) return { status: 503 };
    accepted.push({ type, correlationId: data.correlationId, status: data.status });
    return { status: 204 };
  };
  return {
    url: server.url,
    origin: server.origin,
    accepted,
    heal: () => {
      isHealed = true;
    },
  };
}
