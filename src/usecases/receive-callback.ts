// Use case: record a genuine callback. An unreadable body is kept, and CXone is polled instead.

import type { CallbackScan, Cxone, LargeCallback, ParsedCallback } from '../cxone/port.ts';
import type { Outcome } from '../execution/apply-result.ts';
import type { ExecutionEvent, RawBody } from '../execution/event.ts';
import type { Execution } from '../execution/execution.ts';
import type { JsonObject } from '../execution/json.ts';
import { decodeContent } from '../lib/http/content-coding.ts';
import type { World } from '../lib/world.ts';
import type { StoredCallbackBody } from '../store/payloads-port.ts';
import type { ExecutionReader, ExecutionRecorder, RecordResult } from '../store/port.ts';
import { createLargeCallbacks } from './large-callbacks.ts';

export interface CallbackReceiver {
  /** Records a callback body. Returns undefined for an unknown execution. @throws {StoreUnavailable} */
  callback(reference: string, bytes: Uint8Array, contentType: string | null): Promise<RecordResult | undefined>;
  /** Reads a body over the limit of a request without keeping it. */
  scan(): CallbackScan;
  /** Records a callback with such a body. @throws {StoreUnavailable} */
  tooLarge(reference: string, reason: string, scanned: LargeCallback | null): Promise<RecordResult | undefined>;
  /** Records a callback whose body cannot be read. It is kept unless it is null, for example too large. @throws {StoreUnavailable} */
  unreadable(reference: string, reason: string, body: RawBody | null): Promise<RecordResult | undefined>;
  /** Reads the kept bodies of an execution again with the present profile, the oldest first. @throws {StoreUnavailable} */
  reread(execution: Execution, by: string): Promise<RereadBody[]>;
}

/** A kept body, by the id of its audit entry, and what reading it again did. */
export interface RereadBody {
  readonly auditId: number;
  readonly outcome: Outcome;
  /** Why it still cannot be read; null if it can. */
  readonly reason: string | null;
}

/** Largest kept body after its content codings are removed, in bytes. */
const MAX_DECODED_BYTES = 16 * 1024 * 1024;

/** `signature`: a callback that passed the checks is an outcome. `verify`: it is only a reason to poll CXone. */
export type CallbackTrust = 'signature' | 'verify';

export function createCallbackReceiver(
  store: ExecutionRecorder & Pick<ExecutionReader, 'payloads'>,
  cxone: Pick<Cxone, 'parseCallback' | 'parseResponse' | 'scanCallback' | 'largeBodies'>,
  world: World,
  trust: CallbackTrust = 'signature',
): CallbackReceiver {
  const large = createLargeCallbacks(cxone);
  const isUnverified = trust === 'verify';
  const eventOf = (reading: ParsedCallback, bytes: Uint8Array, contentType: string | null): ExecutionEvent => {
    if (reading.type === 'callback-unreadable') return { ...reading, body: { bytes, contentType }, isUnverified };
    return isUnverified ? { ...reading, type: 'unverified-callback' } : reading;
  };
  const readShort = (bytes: Uint8Array, contentType: string | null): ExecutionEvent =>
    eventOf(cxone.parseCallback(bytes, contentType), bytes, contentType);
  const readLarge = async (bytes: Uint8Array, contentType: string | null): Promise<ExecutionEvent> =>
    eventOf(await large.read(bytes, contentType), bytes, contentType);
  /** An unreadable body is already kept: its bytes are not kept again. */
  const callbackFrom = async (
    bytes: Uint8Array,
    contentType: string | null,
    origin: JsonObject,
  ): Promise<ExecutionEvent> => {
    const event = large.isLarge(bytes) ? await readLarge(bytes, contentType) : readShort(bytes, contentType);
    if (event.type === 'callback-unreadable') return { ...event, body: null, origin };
    if (event.type !== 'callback' && event.type !== 'unverified-callback') return event;
    const { notes: _, ...reading } = event;
    return { ...reading, origin };
  };
  const eventFrom = async (body: StoredCallbackBody, by: string): Promise<ExecutionEvent> => {
    const origin = { reread: body.entryId, by };
    const unreadable = (reason: string) =>
      ({ type: 'callback-unreadable', reason, body: null, origin, isUnverified }) as const;
    if (!body.isWhole) return unreadable('only the beginning of the body was kept');
    const content = decodeContent(body.bytes, body.contentEncoding, MAX_DECODED_BYTES);
    if (content.type !== 'decoded') return unreadable('the content coding of the body cannot be removed');
    const { contentType } = body;
    const { event: kept } = body;
    if (kept.startsWith('CALLBACK_')) return callbackFrom(content.bytes, contentType, origin);
    const channel = kept.startsWith('POLL_') ? 'poll' : 'submit';
    const response = await cxone.parseResponse(channel, { bytes: content.bytes, contentType });
    if (response === null) return unreadable('the body has no readable status');
    return { type: 'response-reread', channel, origin, report: response.report };
  };
  return {
    reread: async ({ reference, correlationId }, by) => {
      const { bodies = [] } = (await store.payloads(correlationId)) ?? {};
      const reread: RereadBody[] = [];
      // One after the other: the oldest body that gives an outcome wins, as when they arrived.
      for (const body of bodies) {
        const event = await eventFrom(body, by);
        const recorded = await store.record(reference, event, world.now());
        if (recorded === undefined) break;
        const reason = event.type === 'callback-unreadable' ? event.reason : null;
        reread.push({ auditId: body.entryId, outcome: recorded.outcome, reason });
      }
      return reread;
    },
    scan: () => cxone.scanCallback(),
    tooLarge: (reference, reason, scanned) => {
      // promise: long-callback-names-what-is-polled
      const executionId = scanned?.executionId ?? null;
      // An unverified callback is only a reason to poll, whatever it reports.
      const isOutcome = scanned !== null && scanned.report.kind !== 'progress' && !isUnverified;
      const event: ExecutionEvent = isOutcome
        ? { ...scanned, type: 'callback-too-large', reason }
        : { type: 'callback-unreadable', reason, body: null, executionId, isUnverified };
      return store.record(reference, event, world.now());
    },
    callback: (reference, bytes, contentType) => {
      if (!large.isLarge(bytes)) return store.record(reference, readShort(bytes, contentType), world.now());
      return large.inTurn(async () => {
        const event = await readLarge(bytes, contentType);
        return store.record(reference, event, world.now());
      });
    },
    unreadable: (reference, reason, body) =>
      store.record(reference, { type: 'callback-unreadable', reason, body, isUnverified }, world.now()),
  };
}
