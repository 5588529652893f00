// A webhook sender without a network: it returns the results that a test sets, and records the notifications.

import type { DeliveryResult, WebhookRequest, WebhookSender } from '../../src/webhooks/port.ts';

export interface FakeCourier extends WebhookSender {
  /** The result of each delivery from now on; may be changed at any time. */
  onDeliver: (parcel: WebhookRequest) => Promise<DeliveryResult>;
  readonly parcels: WebhookRequest[];
}

export const DELIVERED: DeliveryResult = { type: 'delivered', httpStatus: 204, latencyMs: 5 };
export const GONE: DeliveryResult = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' };
/** The endpoint does not accept this notification. */
export const REJECTED: DeliveryResult = {
  type: 'rejected',
  httpStatus: 413,
  latencyMs: 5,
  message: 'answered 413: too large',
  retryAfterMs: 0,
};
export const DOWN: DeliveryResult = {
  type: 'failed',
  httpStatus: 0,
  latencyMs: 5,
  message: 'no answer: connect ECONNREFUSED',
  retryAfterMs: 0,
};

export function createFakeCourier(): FakeCourier {
  const fake: FakeCourier = {
    onDeliver: async () => DELIVERED,
    parcels: [],
    deliver: (parcel) => {
      fake.parcels.push(parcel);
      return fake.onDeliver(parcel);
    },
    close: () => {},
  };
  return fake;
}
