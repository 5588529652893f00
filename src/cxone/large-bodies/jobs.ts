// What the thread for large bodies of CXone does. Its replies contain documents as texts.

import { createTokenConcealer } from '../../callbacks/conceal-tokens.ts';
import { canonicalJson } from '../../execution/canonical-json.ts';
import type { BodyNotes, RawBody, StatusReport } from '../../execution/event.ts';
import type { Execution } from '../../execution/execution.ts';
import { LargeJson, readJson, writeJson } from '../../execution/json.ts';
import { type Packed as PackedFields, packedPayload, parsedPayload } from '../../execution/packed-payload.ts';
import { buildExecuteRequest } from '../build-requests.ts';
import { type SubmissionFields, unsupportedParts } from '../build-submission.ts';
import { errorMessageIn } from '../error-message.ts';
import { isCompleteDocument } from '../parse-document.ts';
import {
  type ParsedPollResponse,
  type ParsedReport,
  type ParsedSubmitResponse,
  parseCallback,
  parsePollResponse,
  parseSubmitResponse,
  reportOfScan,
} from '../parse-response.ts';
import type { LargeCallback, ParsedCallback, UnsupportedPart } from '../port.ts';
import type { Profile } from '../profile/profile.ts';
import type { ScannedValues } from '../scan-json.ts';
import type { HttpRequest } from '../transport.ts';

/** What the thread needs to know of the configuration. */
export interface JobRules {
  readonly profile: Profile;
  readonly maxResultBytes: number;
  /** The secrets that sign callback URLs. */
  readonly callbackSecrets: readonly string[];
}

export interface CallbackJob extends RawBody {
  readonly type: 'callback';
}

/** The values of a callback that is too large to be kept. */
export interface ScanJob {
  readonly type: 'scan';
  readonly values: ScannedValues;
}

export interface ResponseJob {
  readonly type: 'response';
  readonly call: 'execute' | 'poll';
  readonly httpStatus: number;
  readonly body: RawBody;
  /** Whether the end of the body was lost. */
  readonly isCut: boolean;
  readonly scanned: ScannedValues | null;
  /** Secrets that no message may quote. */
  readonly hidden: readonly string[];
}

export interface CanonicalJob {
  readonly type: 'canonical';
  readonly text: string;
}

/** What a request to execute is built of. */
export type Sent = SubmissionFields & Pick<Execution, 'traceparent' | 'tracestate'>;

export interface RequestJob {
  readonly type: 'request';
  readonly base: string;
  readonly execution: PackedFields<Sent>;
  readonly callbackUrl: string;
}

export interface PartsJob {
  readonly type: 'unsupported-parts';
  readonly fields: PackedFields<SubmissionFields>;
  readonly callbackUrl: string;
}

export type Job = CallbackJob | ScanJob | ResponseJob | CanonicalJob | RequestJob | PartsJob;

/** `isTokenFree`: nothing in the body quotes a callback token. The body is not sent back: the caller has it. */
type Packed<T extends ParsedReport> = Omit<T, 'report' | 'notes'> & {
  readonly report: Omit<StatusReport, 'result' | 'error'> & { readonly result: string; readonly error: string };
  readonly notes?: Omit<BodyNotes, 'body'>;
  readonly isTokenFree: boolean;
};

type ReadCallback = Extract<ParsedCallback, { type: 'callback' }>;
type UnreadableCallback = Extract<ParsedCallback, { type: 'callback-unreadable' }>;

export interface PackedResponse {
  readonly submit?: Packed<ParsedSubmitResponse>;
  readonly poll?: Packed<ParsedPollResponse> | null;
  readonly isComplete: boolean;
  readonly words: string;
}

export interface Replies {
  readonly callback: Packed<ReadCallback> | (UnreadableCallback & { readonly isTokenFree: boolean });
  readonly scan: Packed<LargeCallback>;
  readonly response: PackedResponse;
  readonly canonical: string;
  readonly request: HttpRequest;
  readonly 'unsupported-parts': readonly UnsupportedPart[];
}

export type Reply = Replies[Job['type']];

/** Returns a function that does jobs. */
export function createJobs({ profile, maxResultBytes, callbackSecrets }: JobRules): (job: Job) => Reply {
  const conceal = createTokenConcealer(callbackSecrets);
  const isTextFree = (text: string) => conceal.text(text) === text;
  const areBytesFree = (bytes: Uint8Array) => conceal.bytes(bytes) === bytes;

  function packed<T extends ParsedReport>({ report, notes, ...rest }: T, body: Uint8Array): Packed<T> {
    const { result, error, evidence, ...words } = report;
    const texts = { result: writeJson(result), error: writeJson(error) };
    const { body: _, ...noted } = notes ?? { body: null };
    const isTokenFree =
      areBytesFree(body) &&
      (evidence === undefined || areBytesFree(evidence)) &&
      [texts.result, texts.error, JSON.stringify([words, noted])].every(isTextFree);
    const packedReport = { ...report, ...texts };
    return { ...rest, report: packedReport, ...(notes && { notes: noted }), isTokenFree } as unknown as Packed<T>;
  }

  function callback({ bytes, contentType }: CallbackJob): Replies['callback'] {
    const parsed = parseCallback(profile, bytes, contentType, { maxResultBytes, conceal: conceal.bytes });
    return parsed.type === 'callback' ? packed(parsed, bytes) : { ...parsed, isTokenFree: areBytesFree(bytes) };
  }

  function scan(values: ScannedValues): Replies['scan'] {
    return packed(
      reportOfScan(profile, values, maxResultBytes),
      Buffer.concat([...values.values()].map(({ text }) => text)),
    );
  }

  function response({ call, httpStatus, body, isCut, scanned, hidden }: ResponseJob): PackedResponse {
    const words = () => errorMessageIn(body, hidden);
    if (httpStatus < 200 || httpStatus > 299) return { isComplete: false, words: words() };
    const isComplete = !isCut || isCompleteDocument(body);
    const kept = isComplete ? body : null;
    const large = { scanned: scanned && withBuffers(scanned), maxResultBytes };
    if (call === 'execute') {
      const submit = packed(parseSubmitResponse(profile, kept, large), body.bytes);
      return { submit, isComplete, words: '' };
    }
    const polled = parsePollResponse(profile, kept, large);
    return { poll: polled && packed(polled, body.bytes), isComplete, words: polled === null ? words() : '' };
  }

  return (job) => {
    switch (job.type) {
      case 'callback':
        return callback(job);
      case 'scan':
        return scan(withBuffers(job.values));
      case 'response':
        return response(job);
      case 'canonical':
        return canonicalJson(readJson(job.text));
      case 'request':
        return buildExecuteRequest(profile, job.base, parsedPayload(job.execution), job.callbackUrl);
      case 'unsupported-parts':
        return unsupportedParts(profile, parsedPayload(job.fields), job.callbackUrl);
      default:
        return job satisfies never;
    }
  };
}

/** Between threads a Buffer becomes a plain array of bytes. */
function withBuffers(values: ScannedValues): ScannedValues {
  return new Map([...values].map(([pointer, value]) => [pointer, { ...value, text: Buffer.from(value.text) }]));
}

export function packedFields({ actionId, correlationId, inputs, context }: SubmissionFields): PartsJob['fields'] {
  return packedPayload({ actionId, correlationId, inputs, context });
}

export function packedRequest({ traceparent, tracestate, ...fields }: Sent): RequestJob['execution'] {
  return { ...packedFields(fields), traceparent, tracestate };
}

/** Notes that an object contains no callback token. */
type NoteFree = (object: object) => void;

/** Returns the callback that a reply describes. A large result stays text. */
export function unpackedCallback(reply: Replies['callback'], body: RawBody, noteFree: NoteFree): ParsedCallback {
  if (reply.type === 'callback') return unpacked<ReadCallback>(reply, body, noteFree);
  const { isTokenFree, ...unreadable } = reply;
  if (isTokenFree) noteFree(body.bytes);
  return unreadable;
}

export function unpacked<T extends ParsedReport>(reply: Packed<T>, body: RawBody | null, noteFree: NoteFree): T {
  const { report: given, notes: noted, isTokenFree, ...rest } = reply;
  const report = { ...given, result: LargeJson.from(given.result), error: LargeJson.from(given.error) };
  const notes = noted === undefined || body === null ? undefined : { ...noted, body };
  if (isTokenFree) for (const part of [report, notes]) if (part !== undefined) noteFree(part);
  return { ...rest, report, ...(notes && { notes }) } as unknown as T;
}
