// A courier that brings back what a test tells it to, without a network, and remembers what it was to carry.

import type { Courier, Parcel, Receipt } from '../../src/webhooks/port.ts';

export interface FakeCourier extends Courier {
  /** What becomes of each parcel from now on; may be changed at any time. */
  onDeliver: (parcel: Parcel) => Promise<Receipt>;
  readonly parcels: Parcel[];
}

export const DELIVERED: Receipt = { type: 'delivered', httpStatus: 204, latencyMs: 5 };
export const GONE: Receipt = { type: 'gone', httpStatus: 410, latencyMs: 5, message: 'answered 410' };
export const DOWN: Receipt = {
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
