// Reads, compares and builds documents: large ones outside the thread that answers callbacks.

import { rememberCanonical } from '../../execution/canonical-json.ts';
import { LargeJson } from '../../execution/json.ts';
import { createJobThread, JobBeyondMemory } from '../../lib/job-thread.ts';
import type { Log } from '../../lib/log.ts';
import type { ReadAnswer, ReadLargeAnswer } from '../authorized-requests.ts';
import { buildExecuteRequest } from '../build-requests.ts';
import { type SubmissionFields, unsupportedParts } from '../build-submission.ts';
import { parsePollResponse, parseSubmitResponse, reportOfScan } from '../parse-response.ts';
import { type Cxone, type LargeBodies, type LargeCallback, TooManyValues, type UnsupportedPart } from '../port.ts';
import type { ScannedValues } from '../scan-json.ts';
import type { HttpRequest } from '../transport.ts';
import { isLargeBody } from './is-large-body.ts';
import {
  createJobs,
  type Job,
  type JobRules,
  packedFields,
  packedRequest,
  type Replies,
  type Reply,
  type ResponseJob,
  type Sent,
  unpacked,
  unpackedCallback,
} from './jobs.ts';

/** Bytes of heap for each byte of a result, at most: decimals take the most. V8 may end the process at a heap that is too small. */
const HEAP_PER_BYTE = 100;
const MIN_HEAP_MB = 1024;

export interface LargeBodiesThread extends LargeBodies {
  /** Reads the values of a callback that is too large to be kept. Returns null also beyond the memory. */
  readonly readScan: (values: ScannedValues) => Promise<LargeCallback | null>;
  readonly readAnswer: ReadLargeAnswer;
  readonly parseResponse: Cxone['parseResponse'];
  unsupportedParts(
    fields: SubmissionFields,
    callbackUrl: string,
  ): readonly UnsupportedPart[] | Promise<readonly UnsupportedPart[]>;
  buildExecuteRequest(base: string, execution: Sent, callbackUrl: string): HttpRequest | Promise<HttpRequest>;
  /** Ends the thread. What it was asked for is rejected. */
  close(): void;
}

export interface LargeBodiesOptions extends JobRules {
  readonly log: Log;
  readonly maxHeapMb?: number;
  /** Notes that an object quotes no callback token. */
  readonly noteFree?: ((object: object) => void) | undefined;
}

/** One function because all of it asks one thread. */
export function createLargeBodies(options: LargeBodiesOptions): LargeBodiesThread {
  const { profile, maxResultBytes, callbackSecrets, log, noteFree = () => {} } = options;
  const { maxHeapMb = Math.max(MIN_HEAP_MB, Math.ceil((maxResultBytes * HEAP_PER_BYTE) / (1024 * 1024))) } = options;
  const workerData: JobRules = { profile, maxResultBytes, callbackSecrets };
  const thread = createJobThread<Job, Reply>({
    name: 'large-bodies',
    module: new URL('./thread.ts', import.meta.url),
    workerData,
    run: createJobs(workerData),
    log,
    maxHeapMb,
  });

  /** @throws {TooManyValues} */
  async function ask<J extends Job>(job: J): Promise<Replies[J['type']]> {
    try {
      return (await thread.ask(job)) as Replies[J['type']];
    } catch (error) {
      throw error instanceof JobBeyondMemory ? new TooManyValues() : error;
    }
  }

  async function readResponse(response: Omit<ResponseJob, 'type'>): Promise<ReadAnswer> {
    const { submit, poll, ...rest } = await ask({ ...response, type: 'response' });
    const { body } = response;
    return {
      ...rest,
      ...(submit && { submit: unpacked(submit, body, noteFree) }),
      ...(poll !== undefined && { poll: poll && unpacked(poll, body, noteFree) }),
    };
  }

  return {
    isLarge: isLargeBody,
    parseCallback: async (bytes, contentType) =>
      unpackedCallback(await ask({ type: 'callback', bytes, contentType }), { bytes, contentType }, noteFree),
    readScan: async (values) => {
      if (!isLargeScan(values)) return reportOfScan(profile, values, maxResultBytes);
      const reply = await ask({ type: 'scan', values }).catch(nullIfTooMany);
      return reply && unpacked<LargeCallback>(reply, null, noteFree);
    },
    readAnswer: ({ httpStatus, body: bytes, contentType, cut, scanned = null }, call, hidden) => {
      // promise: large-response-is-parsed-elsewhere
      if (!isLargeBody(bytes) && (scanned === null || !isLargeScan(scanned))) return null;
      if (call !== 'execute' && call !== 'poll') return null;
      const body = { bytes, contentType };
      const read = readResponse({ call, httpStatus, body, isCut: cut !== null, scanned, hidden });
      return read.catch((error: unknown) => {
        if (!(error instanceof TooManyValues)) throw error;
        return { submit: parseSubmitResponse(profile, null), poll: null, isComplete: false, words: error.message };
      });
    },
    parseResponse: async (channel, body) => {
      if (!isLargeBody(body.bytes))
        return channel === 'poll' ? parsePollResponse(profile, body) : parseSubmitResponse(profile, body);
      const call = channel === 'poll' ? 'poll' : 'execute';
      const whole = { call, httpStatus: 200, body, isCut: false, scanned: null, hidden: [] } as const;
      const { submit, poll = null } = await readResponse(whole);
      return submit ?? poll;
    },
    prepareComparison: async (...documents) => {
      const texts = new Set(documents.flatMap((document) => (LargeJson.is(document) ? document.text : [])));
      const isSameText = texts.size === 1 && documents.every(LargeJson.is);
      if (isSameText) return;
      for (const text of texts) {
        const canonical = await ask({ type: 'canonical', text }).catch(nullIfTooMany);
        // Beyond the memory, only the same text has the same meaning.
        rememberCanonical(text, canonical ?? text);
      }
    },
    unsupportedParts: (fields, callbackUrl) => {
      // Without a joined text, no value is looked at.
      if (!isLargeSubmission(fields) || profile.execute.body.joined === null)
        return unsupportedParts(profile, fields, callbackUrl);
      return ask({ type: 'unsupported-parts', fields: packedFields(fields), callbackUrl });
    },
    buildExecuteRequest: (base, execution, callbackUrl) => {
      if (!isLargeSubmission(execution)) return buildExecuteRequest(profile, base, execution, callbackUrl);
      return ask({ type: 'request', base, execution: packedRequest(execution), callbackUrl });
    },
    close: thread.end,
  };
}

function nullIfTooMany(error: unknown): null {
  if (error instanceof TooManyValues) return null;
  throw error;
}

function isLargeScan(values: ScannedValues): boolean {
  return values.values().some(({ text }) => isLargeBody(text));
}

function isLargeSubmission({ inputs, context }: Pick<SubmissionFields, 'inputs' | 'context'>): boolean {
  return LargeJson.is(inputs) || LargeJson.is(context);
}
