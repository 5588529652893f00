// Verb: a callback with a good signature → record. What cannot be read is kept, and CXone is asked instead.

import type { Cxone } from './cxone/port.ts';
import type { Recorded, Store } from './store/port.ts';
import type { World } from './world.ts';

export interface Resolve {
  /** Records what a callback body says; undefined when there is no such execution. @throws {StoreUnavailable} */
  callback(reference: string, bytes: Uint8Array, contentType: string | null): Promise<Recorded | undefined>;
  /** Records a callback of which nothing can be kept, such as one that is too large. @throws {StoreUnavailable} */
  unreadable(reference: string, reason: string): Promise<Recorded | undefined>;
}

export function createResolve(store: Store, cxone: Pick<Cxone, 'readCallback'>, world: World): Resolve {
  return {
    callback: (reference, bytes, contentType) => {
      const reading = cxone.readCallback(bytes, contentType);
      const event = reading.type === 'callback-unreadable' ? { ...reading, body: { bytes, contentType } } : reading;
      return store.record(reference, event, world.now());
    },
    unreadable: (reference, reason) =>
      store.record(reference, { type: 'callback-unreadable', reason, body: null }, world.now()),
  };
}
