// Use case: record a genuine callback. An unreadable body is kept, and CXone is polled instead.

import type { CallbackScan, Cxone, LargeCallback } from '../cxone/port.ts';
import type { ExecutionEvent, RawBody } from '../execution/event.ts';
import type { World } from '../lib/world.ts';
import type { ExecutionRecorder, RecordResult } from '../store/port.ts';

export interface CallbackReceiver {
  /** Records a callback body. Returns undefined for an unknown execution. @throws {StoreUnavailable} */
  callback(reference: string, bytes: Uint8Array, contentType: string | null): Promise<RecordResult | undefined>;
  /** Reads a body over the limit of a request without keeping it. */
  scan(): CallbackScan;
  /** Records a callback with such a body. @throws {StoreUnavailable} */
  tooLarge(reference: string, reason: string, scanned: LargeCallback | null): Promise<RecordResult | undefined>;
  /** Records a callback whose body cannot be read. It is kept unless it is null, for example too large. @throws {StoreUnavailable} */
  unreadable(reference: string, reason: string, body: RawBody | null): Promise<RecordResult | undefined>;
}

/** `signature`: a callback that passed the checks is an outcome. `verify`: it is only a reason to poll CXone. */
export type CallbackTrust = 'signature' | 'verify';

export function createCallbackReceiver(
  store: ExecutionRecorder,
  cxone: Pick<Cxone, 'parseCallback' | 'scanCallback'>,
  world: World,
  trust: CallbackTrust = 'signature',
): CallbackReceiver {
  const eventOf = (bytes: Uint8Array, contentType: string | null): ExecutionEvent => {
    const reading = cxone.parseCallback(bytes, contentType);
    if (reading.type === 'callback-unreadable') return { ...reading, body: { bytes, contentType } };
    return trust === 'verify' ? { ...reading, type: 'unverified-callback' } : reading;
  };
  return {
    scan: () => cxone.scanCallback(),
    tooLarge: (reference, reason, scanned) => {
      // An unverified callback is only a reason to poll, whatever it reports.
      const isOutcome = scanned !== null && scanned.report.kind !== 'progress' && trust === 'signature';
      const event: ExecutionEvent = isOutcome
        ? { ...scanned, type: 'callback-too-large', reason }
        : { type: 'callback-unreadable', reason, body: null };
      return store.record(reference, event, world.now());
    },
    callback: (reference, bytes, contentType) => store.record(reference, eventOf(bytes, contentType), world.now()),
    unreadable: (reference, reason, body) =>
      store.record(reference, { type: 'callback-unreadable', reason, body }, world.now()),
  };
}
