// POST /v1/executions/batch: accepts many submissions, each with its own result, or all or none.

import type { Context } from 'hono';
import type { SubmissionHeaders } from '../../usecases/submit.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { withRateLimit } from '../middleware/rate-limit.ts';
import { withSubmissionSpan } from '../middleware/tracing.ts';
import { jsonContent, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import { HEADERS, headers } from '../openapi/headers.ts';
import type { ApiOperation, Handler } from '../openapi/operation.ts';
import { bytesOfBody, tooManyBodies } from '../request/body-budget.ts';
import { MAX_BODY_BYTES } from '../request/read-body.ts';
import { receiveJson } from '../request/read-json.ts';
import { readSubmissionHeaders } from '../request/submission-headers.ts';
import { problemDetails } from '../response/problem.ts';
import { BATCH_RESPONSE, type CheckedItem, itemResults, refuseInvalidItems, wholeRefused } from './batch-response.ts';
import { BATCH } from './batch-schema.ts';
import { connectionOf, MAX_PAGE_BYTES } from './execution-response.ts';
import { BATCH_LEVELS, errorsOfItem, type ReadItem } from './large-submissions/read-submissions.ts';
import {
  draining,
  RATE_HEADERS,
  RATE_NOTE,
  SUBMISSION_PARAMETERS,
  SUBMISSION_PROBLEMS,
} from './submission-response.ts';
import { refusalOfSubmission, type SubmissionChecks } from './submission-schema.ts';

const MAX_BATCH_BYTES = 10 * MAX_BODY_BYTES;
/** Values of a batch, in those of a submission. */
const SUBMISSIONS_OF_VALUES = 10;

const PATH = '/v1/executions/batch';

export const submitBatch: ApiOperation = {
  operationId: 'submitBatch',
  method: 'post',
  path: PATH,
  tag: 'Executions',
  access: 'app',
  stored: true,
  summary: 'Submit up to 1,000 executions',
  description: [
    'Every submission is checked and accepted by itself. Each gets the result that it would get alone, in the order sent. The response follows the commit, or the last of several if the payloads have more than 256 KiB.',
    'With `atomic: true` all are accepted or none: if one cannot be accepted, the response is a problem whose `errors` name each that cannot.',
    'An item that was refused for now (429, 503) has `retryAfter` in its problem: the seconds after which it can be sent again. If nothing was accepted, `Retry-After` states it, too.',
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
    '200': jsonResponse(
      'One result for each submission.',
      BATCH_RESPONSE,
      {
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
      },
      {
        ...headers('Idempotent-Replayed', ...RATE_HEADERS),
        'Retry-After': {
          ...HEADERS['Retry-After'],
          required: false,
          description: 'When to try again, if nothing was accepted.',
        },
      },
    ),
  },
  problems: SUBMISSION_PROBLEMS,
  create: (deps) => {
    const { rates } = deps.submissions;
    // The handler takes from the rate when the number of submissions is known.
    return withSubmissionSpan(deps.runtime.tracing, PATH, withRateLimit(rates, 0, createBatchHandler(deps)));
  },
};

type Dependencies = Pick<HttpDependencies, 'store' | 'submissions' | 'bodies' | 'lifecycle' | 'runtime'>;

function createBatchHandler({ store, submissions, bodies, lifecycle, runtime: { log } }: Dependencies): Handler {
  const { submit, reader, rates, notifyRules, unsupportedParts } = submissions;
  const { ofApps, responses, maxValues } = bodies;
  const limits = {
    ...{ bytes: MAX_BATCH_BYTES, levels: BATCH_LEVELS },
    ...{ values: maxValues * SUBMISSIONS_OF_VALUES, itemValues: maxValues },
  };

  /** @param release gives back the room of the body: the response may wait for room of its own */
  async function accept(c: Context, app: string, arrival: SubmissionHeaders, release: () => void): Promise<Response> {
    const request = c.req.raw;
    const body = await receiveJson(request, limits);
    if (body.type === 'refused') return body.response;
    const batch = await reader.batch(body, arrival.idempotencyKey !== null);
    if (batch instanceof Response) return batch;
    const { atomic } = batch;
    const limited = await rates.take(app, batch.items.length);
    if (limited !== null) return limited;
    const checks = { notifyProblem: (url: string) => notifyRules.check(app, url), unsupportedParts };
    const items: CheckedItem[] = [];
    for (const [index, item] of batch.items.entries()) items.push(await checked(item, index, checks));
    const invalid = items.filter((item) => item.type === 'invalid');
    if (atomic && invalid.length > 0) return refuseInvalidItems(invalid, items.length);

    const outcomes = await submit.batch(app, { items, atomic }, arrival);
    // promise: batch-waits-without-its-body
    release();
    return (
      wholeRefused(outcomes, atomic) ??
      itemResults({ store, log }, items, outcomes, () => responses.take(`app:${app}`, MAX_PAGE_BYTES, connectionOf(c)))
    );
  }

  return async (c, caller) => {
    if (lifecycle.draining()) return draining();
    const headers = readSubmissionHeaders(c);
    if (headers.type === 'refused') return headers.response;
    const release = ofApps.reserve(caller.name, bytesOfBody(c.req.raw, MAX_BATCH_BYTES));
    if (release === null) return tooManyBodies();
    try {
      return await accept(c, caller.name, headers.arrival, release);
    } finally {
      release();
    }
  };
}

/** Applies the checks of a single submission to an item. */
async function checked(item: ReadItem, index: number, checks: SubmissionChecks): Promise<CheckedItem> {
  if (item.type === 'invalid') return item;
  const errors = await refusalOfSubmission(item.request, checks);
  if (errors.length === 0) return item;
  return { type: 'invalid', ...item.asSent, name: 'invalid-input', errors: errorsOfItem(index, errors) };
}
