// The script of one execution, as data, and a run of it. A fate is a named script, and `inputs.simulate` may change any part of it.

import * as v from 'valibot';
import type { Json, JsonObject } from '../execution/json.ts';
import type { CaseRecord } from './ledger.ts';

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400_000));
const HttpStatus = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
/** An HTTP status, or what happens to the connection instead of a response. */
const SimulatedResponse = v.union([HttpStatus, v.picklist(['reset', 'hang'])]);

export const HeaderFields = v.record(
  v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/)),
  v.pipe(v.string(), v.regex(/^[ -~]*$/)),
);

const SubmitStep = v.strictObject({
  answer: SimulatedResponse,
  /** Whether the action runs. Default: only with a 2xx, a reset or a hang. */
  runs: v.exactOptional(v.boolean()),
  /** The body of a 2xx: id and status; id, status and outcome; neither; a web page. */
  body: v.exactOptional(v.picklist(['execution', 'outcome', 'bare', 'html'])),
  retryAfterSeconds: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** More header fields of the response, for example rate limits or WWW-Authenticate. */
  headers: v.exactOptional(HeaderFields),
  /** The response ends without its last chunk: its body is complete, its end is lost. */
  cut: v.exactOptional(v.boolean()),
  /** Sends Retry-After as an HTTP-date instead of seconds (RFC 9110, section 10.2.3). */
  retryAfterAsDate: v.exactOptional(v.boolean()),
  /** Responds only when every callback of this run has its response. */
  afterCallbacks: v.exactOptional(v.boolean()),
});

const CallbackStep = v.strictObject({
  /** The delay from the end of the run; negative is before it. */
  afterMs: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(-86_400_000), v.maxValue(86_400_000))),
  /** The outcome, a progress status, or a false outcome. */
  says: v.exactOptional(v.picklist(['outcome', 'progress', 'another outcome'])),
  body: v.exactOptional(v.picklist(['json', 'form', 'garbled', 'oversized'])),
  /** Sent to a URL with a tampered signature. */
  forged: v.exactOptional(v.boolean()),
  /** The executionId in the callback. */
  names: v.exactOptional(v.picklist(['itself', 'in lower case', 'another', 'none'])),
  /** Sent only after the callbacks of the execution are released. */
  held: v.exactOptional(v.boolean()),
  /** The number of copies that are sent at once. */
  copies: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
});

/** `truth`: the current status; `running`: that it runs, whether or not that is so. */
const PollResponse = v.union([SimulatedResponse, v.picklist(['truth', 'running'])]);
const PollStep = v.union([
  PollResponse,
  v.strictObject({
    answer: PollResponse,
    retryAfterSeconds: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    headers: v.exactOptional(HeaderFields),
    /** The response ends without its last chunk. */
    cut: v.exactOptional(v.boolean()),
    /** `another`: the response is about another execution. */
    names: v.exactOptional(v.picklist(['itself', 'another'])),
  }),
]);

/** The members of `inputs.simulate`. The last entry of each list of responses repeats. */
export const Dials = v.strictObject({
  fate: v.exactOptional(v.string()),
  /** The latency of the response to the submission. */
  latencyMs: v.exactOptional(Milliseconds),
  /** The run time of the action. */
  runMs: v.exactOptional(Milliseconds),
  outcome: v.exactOptional(v.picklist(['completed', 'failed', 'never'])),
  /** Replaces COMPLETED or FAILED. */
  word: v.exactOptional(v.string()),
  /** Replaces the echo of the inputs. */
  result: v.exactOptional(v.unknown()),
  error: v.exactOptional(v.unknown()),
  /** Adds a filling of this size to the result. */
  resultBytes: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64 * 1024 * 1024))),
  /** `integer`: a JSON number that a double cannot hold. */
  idType: v.exactOptional(v.picklist(['text', 'integer', 'uuid'])),
  /** A prefix of the id, which is then a text. */
  idPrefix: v.exactOptional(v.string()),
  /** The submit response sets a cookie, as a gateway in front of several servers does; a poll without it gets 404. */
  sticky: v.exactOptional(v.boolean()),
  submits: v.exactOptional(v.pipe(v.array(SubmitStep), v.minLength(1))),
  callbacks: v.exactOptional(v.array(CallbackStep)),
  polls: v.exactOptional(v.pipe(v.array(PollStep), v.minLength(1))),
});

export type Dials = v.InferOutput<typeof Dials>;
export type SubmitStep = v.InferOutput<typeof SubmitStep>;
export type CallbackStep = v.InferOutput<typeof CallbackStep>;
export type PollStep = NonNullable<Dials['polls']>[number];

/** A script in full. */
export interface Script extends Readonly<Required<Omit<Dials, 'word' | 'result' | 'error'>>> {
  readonly word: string | null;
  /** Undefined: the echo of the inputs. */
  readonly result: Json | undefined;
  readonly error: Json;
}

/** Returns the step for the nth request; the last one repeats. */
export function stepAt<T>(steps: readonly T[], n: number): T {
  const step = steps[Math.min(n, steps.length - 1)];
  if (step === undefined) throw new RangeError('a script has at least one step');
  return step;
}

export interface Run {
  readonly record: CaseRecord;
  readonly actionId: string;
  readonly script: Script;
  /** The id in JSON: a string, or a number that a double cannot hold. */
  readonly executionId: Json;
  readonly idText: string;
  /** Null: no callback is sent, whatever the script has. */
  readonly callbackUrl: string | null;
  /** The inputs of the action, which are its result unless the script has another. */
  readonly echo: JsonObject;
  readonly endsAt: number;
}
