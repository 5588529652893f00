// Verb: a callback with a good signature → record. What cannot be read is kept, and CXone is asked instead.

import type { Cxone } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import type { World } from '../lib/world.ts';
import type { RecordResult, Store } from '../store/port.ts';

export interface CallbackReceiver {
  /** Records what a callback body says; undefined when there is no such execution. @throws {StoreUnavailable} */
  callback(reference: string, bytes: Uint8Array, contentType: string | null): Promise<RecordResult | undefined>;
  /** Records a callback of which nothing can be kept, such as one that is too large. @throws {StoreUnavailable} */
  unreadable(reference: string, reason: string): Promise<RecordResult | undefined>;
}

/** What a callback that passed every check is good for: an outcome, or only a reason to ask CXone for it. */
export type CallbackTrust = 'signature' | 'verify';

export function createCallbackReceiver(
  store: Store,
  cxone: Pick<Cxone, 'parseCallback'>,
  world: World,
  trust: CallbackTrust = 'signature',
): CallbackReceiver {
  const eventOf = (bytes: Uint8Array, contentType: string | null): ExecutionEvent => {
    const reading = cxone.parseCallback(bytes, contentType);
    if (reading.type === 'callback-unreadable') return { ...reading, body: { bytes, contentType } };
    return trust === 'verify' ? { ...reading, type: 'unverified-callback' } : reading;
  };
  return {
    callback: (reference, bytes, contentType) => store.record(reference, eventOf(bytes, contentType), world.now()),
    unreadable: (reference, reason) =>
      store.record(reference, { type: 'callback-unreadable', reason, body: null }, world.now()),
  };
}
