// A courier that brings back what a test tells it to, without a network, and remembers what it was to carry.

import type { DeliveryResult, WebhookRequest, WebhookSender } from '../../src/webhooks/port.ts';

export interface FakeCourier extends WebhookSender {
  /** What becomes of each parcel from now on; may be changed at any time. */
  onDeliver: (parcel: WebhookRequest) => Promise<DeliveryResult>;
  readonly parcels: WebhookRequest[];
}

export const DELIVERED: DeliveryResult = { type: 'delivered', httpStatus: 204, latencyMs: 5 };
export const GONE: DeliveryResult = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' };
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
