// What the thread for large submissions does. Its replies contain the documents of apps as texts, which cost little to pass on.

import { type Json, type JsonObject, LargeJson, readJson, writeJson } from '../../../execution/json.ts';
import { type Packed, type PackedPayload, packedPayload, parsedPayload } from '../../../execution/packed-payload.ts';
import type { AcceptedSubmission } from '../../../store/intake-port.ts';
import {
  fingerprintOf,
  fingerprintsOfVersion010,
  invalidFingerprintsOfVersion010,
  isRepeatOfVersion010,
} from '../../../usecases/fingerprint.ts';
import type { BatchItem, SubmissionRequest } from '../../../usecases/submission-request.ts';
import type { Span } from '../../request/json-meter.ts';
import {
  type AsSent,
  type InvalidItem,
  type ReadBatch,
  type ReadItem,
  type ReadSubmission,
  readBatch,
  readSubmission,
} from './read-submissions.ts';

export type Job =
  | { readonly type: 'submission'; readonly bytes: Uint8Array }
  | { readonly type: 'batch'; readonly bytes: Uint8Array; readonly spans: readonly Span[]; readonly isKeyed: boolean }
  | { readonly type: 'fingerprint'; readonly request: PackedRequest }
  | { readonly type: 'repeat'; readonly request: PackedRequest; readonly accepted: PackedAccepted }
  | { readonly type: 'fingerprints'; readonly items: readonly PackedItem[] };

export type PackedRequest = Packed<SubmissionRequest>;

interface PackedAccepted {
  readonly fingerprint: string;
  readonly payload: PackedPayload | null;
}

export type PackedItem =
  | { readonly type: 'submission'; readonly request: PackedRequest }
  | { readonly type: 'invalid'; readonly sent: string };

type PackedSubmission = Omit<ReadSubmission, 'request'> & { readonly request: PackedRequest };
type PackedAsSent = Omit<AsSent, 'sent'> & { readonly sent: string };
type PackedReadItem =
  | (PackedSubmission & { readonly asSent: PackedAsSent })
  | (Omit<InvalidItem, 'sent'> & PackedAsSent);
type PackedBatch = Omit<ReadBatch, 'items'> & { readonly items: readonly PackedReadItem[] };

export interface Replies {
  readonly submission: PackedSubmission | Exclude<ReturnType<typeof readSubmission>, ReadSubmission>;
  readonly batch: PackedBatch | Exclude<ReturnType<typeof readBatch>, ReadBatch>;
  readonly fingerprint: string;
  readonly repeat: boolean;
  readonly fingerprints: readonly (readonly [written: string, doubles: string])[];
}

export function replyTo(job: Job): Replies[Job['type']] {
  switch (job.type) {
    case 'submission': {
      const read = readSubmission(job.bytes);
      return read.type === 'submission' ? packedSubmission(read) : read;
    }
    case 'batch': {
      const read = readBatch(job.bytes, job.spans, job.isKeyed);
      if (read.type !== 'batch') return read;
      return { ...read, items: read.items.map(packedReadItem) };
    }
    case 'fingerprint':
      return fingerprintOf(parsedPayload(job.request));
    case 'repeat': {
      const { fingerprint, payload } = job.accepted;
      const accepted = { fingerprint, payload: payload && parsedPayload(payload) };
      return isRepeatOfVersion010(parsedPayload(job.request), accepted);
    }
    case 'fingerprints':
      return job.items.map((item) =>
        item.type === 'submission'
          ? fingerprintsOfVersion010(parsedPayload(item.request))
          : invalidFingerprintsOfVersion010(readJson(item.sent)),
      );
    default:
      return job satisfies never;
  }
}

function packedReadItem(item: ReadItem): PackedReadItem {
  return item.type === 'submission'
    ? { ...packedSubmission(item), asSent: packedAsSent(item.asSent) }
    : { ...item, ...packedAsSent(item) };
}

function packedAsSent({ sent, fingerprint }: AsSent): PackedAsSent {
  return { sent: writeJson(sent), fingerprint };
}

function packedSubmission(read: ReadSubmission): PackedSubmission {
  return { ...read, request: packedPayload(read.request) };
}

export function packedAccepted({ fingerprint, payload }: AcceptedSubmission): PackedAccepted {
  return { fingerprint, payload: payload && packedPayload(payload) };
}

export function packedForFingerprints(item: BatchItem): PackedItem {
  return item.type === 'submission'
    ? { type: 'submission', request: packedPayload(item.request) }
    : { type: 'invalid', sent: writeJson(item.sent) };
}

export function unpackedSubmission({ request, ...rest }: PackedSubmission): ReadSubmission {
  const payload = { inputs: asText(request.inputs) as JsonObject, context: asText(request.context) as JsonObject };
  return { ...rest, request: { ...request, ...payload } };
}

export function unpackedBatch({ items, ...rest }: PackedBatch): ReadBatch {
  return {
    ...rest,
    items: items.map((item) =>
      item.type === 'submission'
        ? { ...unpackedSubmission(item), asSent: { ...item.asSent, sent: asText(item.asSent.sent) } }
        : { ...item, sent: asText(item.sent) },
    ),
  };
}

/** A thousand small items have as many values as a large one. */
function asText(text: string): Json {
  return LargeJson.asText(text);
}
