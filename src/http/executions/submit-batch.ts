// POST /v1/executions/batch: accepts many submissions in one commit, each with its own result, or all or none.

import * as v from 'valibot';
import { isJsonObject, type Json, MAX_JSON_DEPTH } from '../../execution/json.ts';
import { mapYielding } from '../../lib/event-loop.ts';
import type { SubmissionHeaders } from '../../usecases/submit.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { withRateLimit } from '../middleware/rate-limit.ts';
import { withSubmissionSpan } from '../middleware/tracing.ts';
import { closed, component, jsonContent, reference } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import { headers } from '../openapi/headers.ts';
import type { Schema } from '../openapi/model.ts';
import type { ApiOperation, Handler } from '../openapi/operation.ts';
import { bytesOfBody, tooManyBodies } from '../request/body-budget.ts';
import { MAX_BODY_BYTES } from '../request/read-body.ts';
import { readJsonItems } from '../request/read-json.ts';
import { readSubmissionHeaders } from '../request/submission-headers.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { invalidInput, problemDetails } from '../response/problem.ts';
import {
  BATCH_RESPONSE,
  type CheckedItem,
  itemPointer,
  itemResults,
  refuseInvalidItems,
  wholeRefused,
} from './batch-response.ts';
import {
  draining,
  RATE_HEADERS,
  RATE_NOTE,
  SUBMISSION_PARAMETERS,
  SUBMISSION_PROBLEMS,
} from './submission-response.ts';
import { parseSubmission, SUBMISSION, type SubmissionChecks } from './submission-schema.ts';

const MAX_BATCH_BYTES = 10 * MAX_BODY_BYTES;
/** Values of a batch, in those of a submission. */
const SUBMISSIONS_OF_VALUES = 10;
const MAX_ITEMS = 1000;
const LIST_RULE = `must be a list of 1 to ${MAX_ITEMS} submissions`;

const PATH = '/v1/executions/batch';

/** Items are validated one by one, so that an invalid item is refused alone. */
export const BATCH = component(
  'Batch',
  v.object({
    executions: v.pipe(
      v.array(v.unknown(), LIST_RULE),
      v.minLength(1, ({ input }) => countRule(input.length)),
      v.maxLength(MAX_ITEMS, ({ input }) => countRule(input.length)),
      v.description('The submissions. Each gets its own result, in this order.'),
    ),
    atomic: v.optional(
      v.pipe(
        v.boolean('must be true or false'),
        v.description('Accept all submissions, or none if one cannot be accepted.'),
      ),
      false,
    ),
  }),
  (batch) => {
    const { executions, ...fields } = batch['properties'] as { readonly [name: string]: Schema };
    return closed({ ...batch, properties: { executions: { ...executions, items: reference(SUBMISSION) }, ...fields } });
  },
);

export const submitBatch: ApiOperation = {
  operationId: 'submitBatch',
  method: 'post',
  path: PATH,
  tag: 'Executions',
  access: 'app',
  stored: true,
  summary: 'Submit up to 1,000 executions',
  description: [
    'Every submission is checked and accepted by itself, all in one commit. Each gets the result that it would get alone, in the order sent.',
    'With `atomic: true` all are accepted or none: if one cannot be accepted, the response is a problem whose `errors` name each that cannot.',
    'An `Idempotency-Key` covers the batch as a whole.',
    RATE_NOTE,
  ].join('\n\n'),
  parameters: SUBMISSION_PARAMETERS,
  requestBody: {
    required: true,
    description:
      'At most 10 MiB and ten times MAX_BODY_VALUES values; each submission at most 1 MiB and MAX_BODY_VALUES (50,000).',
    content: jsonContent(BATCH, {
      two: { executions: [{ actionId: 'charge-card', correlationId: 'order-4711' }, { actionId: 'send-receipt' }] },
    }),
  },
  responses: {
    '200': {
      description: 'One result for each submission.',
      headers: headers('Idempotent-Replayed', ...RATE_HEADERS),
      content: jsonContent(BATCH_RESPONSE, {
        mixed: {
          items: [
            { status: 202, execution: executionExample('queued') },
            {
              status: 422,
              problem: problemDetails('invalid-input', '1 field is wrong; errors names each.', {
                errors: [{ pointer: '#/executions/1/timeoutSeconds', detail: 'must be an integer from 5 to 120' }],
              }),
            },
          ],
          accepted: 1,
          refused: 1,
        },
      }),
    },
  },
  problems: SUBMISSION_PROBLEMS,
  create: (deps) => {
    const { rates } = deps.submissions;
    // The handler takes from the rate when the number of submissions is known.
    return withSubmissionSpan(deps.runtime.tracing, PATH, withRateLimit(rates, 0, createBatchHandler(deps)));
  },
};

type Dependencies = Pick<HttpDependencies, 'submissions' | 'bodies' | 'lifecycle'>;

function createBatchHandler({ submissions, bodies, lifecycle }: Dependencies): Handler {
  const { submit, rates, notifyRules, unsupportedParts } = submissions;
  const { ofApps, maxValues } = bodies;
  // An item is nested two levels deeper than a single submission.
  const limits = {
    ...{ bytes: MAX_BATCH_BYTES, levels: MAX_JSON_DEPTH + 2 },
    ...{ values: maxValues * SUBMISSIONS_OF_VALUES, itemValues: maxValues },
  };

  async function accept(request: Request, app: string, arrival: SubmissionHeaders): Promise<Response> {
    const body = await readJsonItems(request, 'executions', limits);
    if (body.type === 'refused') return body.response;
    const batch = parseBatch(body.value);
    if (!batch.valid) return invalidInput(batch.errors);

    const { executions, atomic } = batch.value;
    const limited = rates.take(app, executions.length);
    if (limited !== null) return limited;
    const checks = { notifyProblem: (url: string) => notifyRules.check(app, url), unsupportedParts };
    const items = await mapYielding(executions, (sent, index) =>
      check({ sent, index, bytes: body.itemBytes[index] ?? 0 }, checks),
    );
    const invalid = items.filter((item) => item.type === 'invalid');
    if (atomic && invalid.length > 0) return refuseInvalidItems(invalid, items.length);

    const outcomes = await submit.batch(app, { items, atomic }, arrival);
    return wholeRefused(outcomes, atomic) ?? itemResults(items, outcomes);
  }

  return async (c, caller) => {
    if (lifecycle.draining()) return draining();
    const headers = readSubmissionHeaders(c);
    if (headers.type === 'refused') return headers.response;
    const release = ofApps.reserve(caller.name, bytesOfBody(c.req.raw, MAX_BATCH_BYTES));
    if (release === null) return tooManyBodies();
    try {
      return await accept(c.req.raw, caller.name, headers.arrival);
    } finally {
      release();
    }
  };
}

export function parseBatch(body: Json): Validated<{ readonly executions: readonly Json[]; readonly atomic: boolean }> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  const validated = validate(BATCH, body);
  if (!validated.valid) return validated;
  const { executions, atomic } = validated.value;
  return { valid: true, value: { executions: executions as Json[], atomic } };
}

function countRule(length: number): string {
  return `${LIST_RULE}; these are ${length}`;
}

interface SentItem {
  readonly sent: Json;
  readonly index: number;
  readonly bytes: number;
}

/** Applies the checks of a single submission to an item. */
function check({ sent, index, bytes }: SentItem, checks: SubmissionChecks): CheckedItem {
  if (bytes > MAX_BODY_BYTES) {
    const detail = `must have ${MAX_BODY_BYTES} bytes at most`;
    return { type: 'invalid', sent, name: 'body-too-large', errors: [{ pointer: itemPointer(index), detail }] };
  }
  const submission = parseSubmission(sent, checks);
  if (submission.valid) return { type: 'submission', request: submission.value };
  // "#/actionId" becomes "#/executions/3/actionId", and "#" the item itself.
  const errors = submission.errors.map(({ pointer, detail }) => ({
    pointer: itemPointer(index) + pointer.slice(1),
    detail,
  }));
  return { type: 'invalid', sent, name: 'invalid-input', errors };
}
