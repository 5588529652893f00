// What the simulator does with one execution, as data: a fate is a named script, and `inputs.simulate` may change any part of one.

import * as v from 'valibot';
import type { Json } from '../execution/json.ts';

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400_000));
const HttpStatus = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
/** Some answer, or what happens to the connection instead of one. */
const Answer = v.union([HttpStatus, v.picklist(['reset', 'hang'])]);

const SubmitStep = v.strictObject({
  answer: Answer,
  /** Whether the action runs; by default it does after a 2xx, a reset and a hang, and after nothing else. */
  runs: v.exactOptional(v.boolean()),
  /** Of a 2xx: id and status; those and the outcome; neither; no JSON at all. */
  body: v.exactOptional(v.picklist(['execution', 'outcome', 'bare', 'html'])),
  retryAfterSeconds: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** More header fields of the response, for example rate limits or WWW-Authenticate. */
  headers: v.exactOptional(
    v.record(v.pipe(v.string(), v.regex(/^[\w-]{1,100}$/)), v.pipe(v.string(), v.regex(/^[ -~]*$/))),
  ),
  /** Says Retry-After as an HTTP-date instead of seconds (RFC 9110, section 10.2.3). */
  retryAfterAsDate: v.exactOptional(v.boolean()),
  /** Answers only when every callback of this run has been answered. */
  afterCallbacks: v.exactOptional(v.boolean()),
});

const CallbackStep = v.strictObject({
  /** From the end of the run; negative is before it. */
  afterMs: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(-86_400_000), v.maxValue(86_400_000))),
  /** The outcome, a status that is none yet, or an outcome that is not the true one. */
  says: v.exactOptional(v.picklist(['outcome', 'progress', 'another outcome'])),
  body: v.exactOptional(v.picklist(['json', 'form', 'garbled', 'oversized'])),
  /** Sent to a URL whose signature was tampered with. */
  forged: v.exactOptional(v.boolean()),
  /** Which executionId it names. */
  names: v.exactOptional(v.picklist(['itself', 'in lower case', 'another', 'none'])),
  /** Sent only once the execution's callbacks are released, however late that is. */
  held: v.exactOptional(v.boolean()),
  /** So many of it at once. */
  copies: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
});

/** `truth`: the current status; `running`: that it runs, whether or not that is so. */
const PollAnswer = v.union([Answer, v.picklist(['truth', 'running'])]);
const PollStep = v.union([
  PollAnswer,
  v.strictObject({
    answer: PollAnswer,
    retryAfterSeconds: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
    /** `another`: the response is about another execution. */
    names: v.exactOptional(v.picklist(['itself', 'another'])),
  }),
]);

/** The members of `inputs.simulate`; in each list of answers the last one repeats. */
export const Dials = v.strictObject({
  fate: v.exactOptional(v.string()),
  /** How long the submit answer takes. */
  latencyMs: v.exactOptional(Milliseconds),
  /** How long the action runs. */
  runMs: v.exactOptional(Milliseconds),
  outcome: v.exactOptional(v.picklist(['completed', 'failed', 'never'])),
  /** Replaces COMPLETED or FAILED. */
  word: v.exactOptional(v.string()),
  /** Replaces the echo of the inputs. */
  result: v.exactOptional(v.unknown()),
  error: v.exactOptional(v.unknown()),
  /** Adds a filling of so many bytes to the result. */
  resultBytes: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(64 * 1024 * 1024))),
  /** `integer`: a JSON number that no double can hold. */
  idType: v.exactOptional(v.picklist(['text', 'integer', 'uuid'])),
  /** Comes before the id, whose type is then a text. */
  idPrefix: v.exactOptional(v.string()),
  submits: v.exactOptional(v.pipe(v.array(SubmitStep), v.minLength(1))),
  callbacks: v.exactOptional(v.array(CallbackStep)),
  polls: v.exactOptional(v.pipe(v.array(PollStep), v.minLength(1))),
});

export type Dials = v.InferOutput<typeof Dials>;
export type SubmitStep = v.InferOutput<typeof SubmitStep>;
export type CallbackStep = v.InferOutput<typeof CallbackStep>;
export type PollStep = NonNullable<Dials['polls']>[number];

/** A script in full. */
export interface Script {
  readonly fate: string;
  readonly latencyMs: number;
  readonly runMs: number;
  readonly outcome: 'completed' | 'failed' | 'never';
  readonly word: string | null;
  /** Undefined: the echo of the inputs. */
  readonly result: Json | undefined;
  readonly error: Json;
  readonly resultBytes: number;
  readonly idType: 'text' | 'integer' | 'uuid';
  readonly idPrefix: string;
  readonly submits: readonly SubmitStep[];
  readonly callbacks: readonly CallbackStep[];
  readonly polls: readonly PollStep[];
}

/** The step for the nth time something is asked; the last one repeats. */
export function stepAt<T>(steps: readonly T[], n: number): T {
  const step = steps[Math.min(n, steps.length - 1)];
  if (step === undefined) throw new RangeError('a script has at least one step');
  return step;
}
