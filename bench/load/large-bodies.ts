// Bodies that are cheap to send and expensive to parse, walk, compare or write, and what the receiver responds to them.

/** Just below the limit of a callback. */
const CALLBACK_BYTES = 1024 * 1024 - 256;
/** Just below the limit of a batch. */
const BATCH_BYTES = 10 * 1024 * 1024 - 256;
/** Below MAX_BODY_VALUES. */
const SUBMISSION_VALUES = 49_900;

const repeated = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));

/** A day, so that none is polled while the bench runs. */
const submission = (inputs: string) => `{"actionId":"look-up","graceSeconds":86400,"inputs":{"list":${inputs}}}`;
const decimals = (count: number) => `[${'1.0,'.repeat(count)}0]`;

export interface LargeBody {
  /** Null: the callback URL of an open execution, another one for each. */
  readonly path: string | null;
  readonly body: string;
  readonly hasKey: boolean;
  /** The response. Any other ends the measure. */
  readonly status: number;
}

const BATCH = '/v1/executions/batch';
const millions = `{"executions":[${submission(`[${repeated('0,', BATCH_BYTES)}0]`)}]}`;

/** By the words of the report. */
export const LARGE_BODIES = {
  'callbacks of 1 MB with 260,000 decimals': {
    path: null,
    body: `{"status":"COMPLETED","result":[${repeated('1.0,', CALLBACK_BYTES)}0]}`,
    hasKey: false,
    status: 200,
  },
  'submissions of 50,000 decimals': {
    path: '/v1/executions',
    body: submission(decimals(SUBMISSION_VALUES)),
    hasKey: true,
    status: 202,
  },
  'batches of ten submissions of 50,000 decimals': {
    path: BATCH,
    body: `{"executions":[${Array(10)
      .fill(submission(decimals(SUBMISSION_VALUES)))
      .join()}]}`,
    hasKey: true,
    status: 200,
  },
  'batches of 10 MB with five million values': { path: BATCH, body: millions, hasKey: true, status: 413 },
  'batches of 10 MB without a key': { path: BATCH, body: millions, hasKey: false, status: 401 },
} as const satisfies Readonly<Record<string, LargeBody>>;

export type LargeBodyName = keyof typeof LARGE_BODIES;
