// Reads submissions and batches: long ones, and those with many values, on a thread of their own, because callbacks would wait for them.

import { MAX_PARSED_LENGTH, MAX_PARSED_VALUES } from '../../../execution/json.ts';
import { packedPayload } from '../../../execution/packed-payload.ts';
import { createJobThread, JobBeyondMemory, ThreadEnded } from '../../../lib/job-thread.ts';
import type { Log } from '../../../lib/log.ts';
import type { LargeSubmissions } from '../../../usecases/large-submissions.ts';
import { tooManyBodies } from '../../request/body-budget.ts';
import { type MeasuredBody, malformedJson } from '../../request/read-json.ts';
import { invalidInput } from '../../response/problem.ts';
import { draining } from '../submission-response.ts';
import {
  type Job,
  packedAccepted,
  packedForFingerprints,
  type Replies,
  replyTo,
  unpackedBatch,
  unpackedSubmission,
} from './jobs.ts';
import { type ReadSubmission, readBatch, readSubmission, type SubmissionReader } from './read-submissions.ts';

/** Room for a batch of 10 MiB with as many values as there can be, if MAX_BODY_VALUES allows them. */
const MAX_HEAP_MB = 2048;

export interface SubmissionThread extends SubmissionReader, LargeSubmissions {
  /** Ends the thread. Bodies that it has not read get 503. */
  close(): void;
}

export interface SubmissionThreadOptions {
  readonly log: Log;
  /** Replaces the thread. */
  readonly createThread?: typeof createJobThread;
}

export function createSubmissionThread({
  log,
  createThread = createJobThread,
}: SubmissionThreadOptions): SubmissionThread {
  const thread = createThread<Job, Replies[Job['type']]>({
    name: 'large-submissions',
    module: new URL('./thread.ts', import.meta.url),
    workerData: null,
    run: replyTo,
    log,
    maxHeapMb: MAX_HEAP_MB,
  });
  const ask = <J extends Job>(job: J) => thread.ask(job) as Promise<Replies[J['type']]>;
  return {
    one: (body) =>
      answered(async () => {
        const { bytes } = body;
        if (!isLarge(body)) return readSubmission(bytes);
        const read = await ask({ type: 'submission', bytes });
        return read.type === 'submission' ? unpackedSubmission(read) : read;
      }),
    batch: (body, isKeyed) =>
      answered(async () => {
        const { bytes, meter } = body;
        const { items: spans } = meter;
        if (!isLarge(body)) return readBatch(bytes, spans, isKeyed);
        const read = await ask({ type: 'batch', bytes, spans, isKeyed });
        return read.type === 'batch' ? unpackedBatch(read) : read;
      }),
    fingerprint: (request) => ask({ type: 'fingerprint', request: packedPayload(request) }),
    isRepeatOfVersion010: (request, accepted) =>
      ask({ type: 'repeat', request: packedPayload(request), accepted: packedAccepted(accepted) }),
    fingerprintsOfVersion010: (items) => ask({ type: 'fingerprints', items: items.map(packedForFingerprints) }),
    close: thread.end,
  };
}

function isLarge({ bytes, meter }: MeasuredBody): boolean {
  // promise: large-submission-is-parsed-elsewhere
  return meter.values() > MAX_PARSED_VALUES || bytes.length > MAX_PARSED_LENGTH;
}

type Unread = Exclude<ReturnType<typeof readSubmission>, ReadSubmission>;

async function answered<R extends { readonly type: string }>(read: () => Promise<R | Unread>): Promise<R | Response> {
  try {
    const found = await read();
    return isUnread(found) ? responseTo(found) : found;
  } catch (error) {
    // promise: unread-submission-is-refused
    if (error instanceof JobBeyondMemory) return tooManyBodies();
    if (error instanceof ThreadEnded) return draining();
    throw error;
  }
}

function isUnread(found: { readonly type: string }): found is Unread {
  return found.type === 'malformed' || found.type === 'invalid';
}

function responseTo(unread: Unread): Response {
  return unread.type === 'malformed' ? malformedJson(unread.detail) : invalidInput(unread.errors);
}
