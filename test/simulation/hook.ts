// The endpoint of a simulated app: the notifications that it received, and its responses.

import type { DeliveryResult, WebhookRequest, WebhookSender } from '../../src/webhooks/port.ts';
import { seededRandom } from '../support/manual-world.ts';
import type { Clock } from './clock.ts';

/** One received delivery, whether its response arrived or not. */
export interface Call {
  readonly id: string;
  readonly correlationId: string;
  readonly type: string;
  /** The execution in the notification. */
  readonly status: string;
  readonly receipt: DeliveryResult['type'];
}

export interface Hook {
  readonly calls: readonly Call[];
  courierFor(alive: () => boolean): WebhookSender;
  /** From now on every delivery succeeds. */
  heal(): void;
}

const HANGS_MS = 15_000;
const REFUSALS = [500, 503, 429, 404, 307];

/** In one history of three every delivery succeeds, in another some fail, in the third most fail. */
export function createHook(clock: Clock, seed: number, note: (text: string) => void): Hook {
  const random = seededRandom(seed);
  const fails = [0, 0.3, 0.9][seed % 3] ?? 0;
  const calls: Call[] = [];
  let healed = false;

  function answer(): { receipt: DeliveryResult; afterMs: number } {
    const latencyMs = Math.floor(random() * 200);
    if (healed || random() >= fails) {
      return { receipt: { type: 'delivered', httpStatus: 204, latencyMs }, afterMs: latencyMs };
    }
    const dice = random();
    if (dice < 0.1) {
      return { receipt: { type: 'gone', httpStatus: 410, latencyMs, message: 'gone' }, afterMs: latencyMs };
    }
    if (dice < 0.3) return { receipt: failed(0, HANGS_MS, 0), afterMs: HANGS_MS };
    const httpStatus = REFUSALS[Math.floor(random() * REFUSALS.length)] ?? 500;
    return { receipt: failed(httpStatus, latencyMs, httpStatus === 429 ? 7_000 : 0), afterMs: latencyMs };
  }

  async function take({ id, body }: WebhookRequest): Promise<DeliveryResult> {
    clock.touch();
    const { receipt, afterMs } = answer();
    const { type, data } = JSON.parse(body);
    calls.push({ id, correlationId: data.correlationId, type, status: data.status, receipt: receipt.type });
    note(`notified of ${data.correlationId} (${type}) → ${receipt.type} ${receipt.httpStatus}`);
    await clock.sleep(afterMs);
    clock.touch();
    return receipt;
  }

  return {
    calls,
    courierFor: (alive) => ({
      // A dead receiver's request has no effect.
      deliver: (parcel) => (alive() ? take(parcel) : new Promise(() => {})),
      close: () => {},
    }),
    heal: () => {
      healed = true;
    },
  };
}

function failed(httpStatus: number, latencyMs: number, retryAfterMs: number): DeliveryResult {
  return { type: 'failed', httpStatus, latencyMs, message: 'not now', retryAfterMs };
}
