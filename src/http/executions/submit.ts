// POST /v1/executions: accepts one submission and responds when it is durable.

import type { Context } from 'hono';
import { CALLBACK_PATH } from '../../callbacks/signed-url.ts';
import { asAccepted, type Execution, isTerminal } from '../../execution/execution.ts';
import { MAX_JSON_DEPTH } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import { reasonOf } from '../../lib/log.ts';
import { setRequestCorrelationId } from '../../lib/request-context.ts';
import type { AddResult } from '../../store/intake-port.ts';
import type { BriefExecution } from '../../store/port.ts';
import type { SubmissionHeaders } from '../../usecases/submit.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { withRateLimit } from '../middleware/rate-limit.ts';
import { withSubmissionSpan } from '../middleware/tracing.ts';
import { jsonContent, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import { HEADERS, headers } from '../openapi/headers.ts';
import { type ApiOperation, operationObject, parameter } from '../openapi/operation.ts';
import { bytesOfBody, tooManyBodies } from '../request/body-budget.ts';
import { preferenceApplied, preferredWait } from '../request/prefer-wait.ts';
import { MAX_BODY_BYTES } from '../request/read-body.ts';
import { receiveJson } from '../request/read-json.ts';
import { readSubmissionHeaders } from '../request/submission-headers.ts';
import { json } from '../response/json.ts';
import { invalidInput } from '../response/problem.ts';
import { completeExecution } from '../webhook/callback-endpoint.ts';
import { respondWithExecution } from './execution-response.ts';
import { EXECUTION } from './execution-schema.ts';
import {
  type Accepted,
  draining,
  isReplayById,
  originalResponse,
  RATE_HEADERS,
  RATE_NOTE,
  refused,
  SUBMISSION_PARAMETERS,
  SUBMISSION_PROBLEMS,
} from './submission-response.ts';
import { refusalOfSubmission, SUBMISSION } from './submission-schema.ts';

/** The upper bound of the Retry-After for an accepted execution. */
const MAX_RETRY_AFTER_SECONDS = 60;

const PATH = '/v1/executions';

type Dependencies = Pick<HttpDependencies, 'store' | 'submissions' | 'bodies' | 'events' | 'lifecycle' | 'runtime'>;

export const submitExecution: ApiOperation = {
  operationId: 'submitExecution',
  method: 'post',
  path: PATH,
  tag: 'Executions',
  access: 'app',
  stored: true,
  summary: 'Submit an execution',
  description: [
    'Accepts a run of a Data Action and responds as soon as it is durable. CXone is called afterwards.',
    'The same `correlationId` with the same body returns the original execution in its current state (200). The same `Idempotency-Key` with the same body returns the original response. Neither runs anything twice.',
    RATE_NOTE,
  ].join('\n\n'),
  parameters: [parameter('Prefer'), ...SUBMISSION_PARAMETERS],
  requestBody: {
    required: true,
    description:
      'At most 1 MiB, with at most 64 levels of nesting and MAX_BODY_VALUES (50,000) values: members, items and lists.',
    content: jsonContent(SUBMISSION, {
      short: { actionId: 'charge-card', inputs: { amount: 4200 } },
      whole: {
        actionId: 'charge-card',
        inputs: { amount: 4200, currency: 'EUR' },
        context: { contactId: '88123' },
        correlationId: 'order-4711',
        timeoutSeconds: 30,
        graceSeconds: 10,
        retryUncertain: false,
        priority: 4,
        notifyUrl: 'https://hooks.example/executions',
      },
    }),
  },
  responses: {
    '200': jsonResponse(
      'The execution ended during `Prefer: wait`, or its `correlationId` was submitted before: the current execution.',
      EXECUTION,
      { completed: executionExample('completed') },
      {
        ...headers('Location', 'Vary', 'Preference-Applied', 'Idempotent-Replayed', ...RATE_HEADERS),
        'Retry-After': { ...HEADERS['Retry-After'], required: false },
      },
    ),
    '202': jsonResponse(
      'Accepted and durable. With `Prefer: wait`: not ended yet.',
      EXECUTION,
      { queued: executionExample('queued') },
      headers('Location', 'Retry-After', 'Vary', 'Preference-Applied', 'Idempotent-Replayed', ...RATE_HEADERS),
    ),
  },
  problems: SUBMISSION_PROBLEMS,
  callbacks: {
    // Named by its path: the URL starts with PUBLIC_URL, which no runtime expression can refer to.
    completion: { [`${CALLBACK_PATH}/{token}`]: { post: operationObject(completeExecution) } },
  },
  create: (deps) => {
    const { rates } = deps.submissions;
    return withSubmissionSpan(deps.runtime.tracing, PATH, withRateLimit(rates, 1, createSubmissionHandler(deps)));
  },
};

function createSubmissionHandler(deps: Dependencies): Parameters<typeof withRateLimit>[2] {
  const { submit, reader, notifyRules, unsupportedParts } = deps.submissions;
  const { ofApps, maxValues } = deps.bodies;
  const limits = { bytes: MAX_BODY_BYTES, levels: MAX_JSON_DEPTH, values: maxValues };

  /** Room for the body is reserved until the execution is stored, not while the client waits for its outcome. */
  async function submitted(request: Request, app: string, arrival: SubmissionHeaders): Promise<AddResult | Response> {
    const release = ofApps.reserve(app, bytesOfBody(request, MAX_BODY_BYTES));
    if (release === null) return tooManyBodies();
    try {
      const body = await receiveJson(request, limits);
      if (body.type === 'refused') return body.response;
      const read = await reader.one(body);
      if (read instanceof Response) return read;
      const notifyProblem = (url: string) => notifyRules.check(app, url);
      const errors = await refusalOfSubmission(read.request, { notifyProblem, unsupportedParts });
      if (errors.length > 0) return invalidInput(errors);
      return await submit.one(app, read.request, arrival, read.fingerprint);
    } finally {
      release();
    }
  }

  async function waitFor(added: Accepted, seconds: number | null, request: Submitting): Promise<Response> {
    const leave = seconds === null ? null : deps.events.waiters.reserve(`app:${request.app}`);
    if (leave === null) return accepted(deps, added, null, request);
    return accepted(deps, added, seconds, request).finally(leave);
  }

  return async (c, caller) => {
    if (deps.lifecycle.draining()) return draining();
    const headers = readSubmissionHeaders(c);
    if (headers.type === 'refused') return headers.response;
    const added = await submitted(c.req.raw, caller.name, headers.arrival);
    if (added instanceof Response) return added;
    switch (added.outcome) {
      case 'added':
      case 'replayed':
        return waitFor(added, preferredWait(c.req.header('prefer')), { c, app: caller.name });
      default:
        return refused(added.outcome);
    }
  };
}

interface Submitting {
  readonly c: Context;
  readonly app: string;
}

async function accepted(
  deps: Dependencies,
  added: Accepted,
  seconds: number | null,
  request: Submitting,
): Promise<Response> {
  setRequestCorrelationId(added.execution.correlationId);
  const respond = (found: BriefExecution) => respondAbout(deps, { added, found, seconds }, request);
  const found = await present(deps, added, seconds, request.c);
  try {
    return await respond(found);
  } catch (error) {
    // Without an id, the repeat of what was accepted would be another execution.
    // promise: accepted-is-not-refused-by-a-read
    if (added.outcome !== 'added') throw error;
    deps.runtime.log.warn({ reason: reasonOf(error) }, 'the result of an execution could not be read');
    return respond(withoutOutcome(asAccepted(added.execution)));
  }
}

interface Responding {
  readonly added: Accepted;
  readonly found: BriefExecution;
  readonly seconds: number | null;
}

async function respondAbout(
  deps: Dependencies,
  { added, found, seconds }: Responding,
  { c, app }: Submitting,
): Promise<Response> {
  const { execution } = found;
  const headers: Record<string, string> = {
    location: `/v1/executions/${execution.correlationId}`,
    vary: 'Prefer',
    ...preferenceApplied(seconds),
  };
  if (added.outcome === 'replayed') headers['idempotent-replayed'] = 'true';
  const ended = isTerminal(execution.status);
  if (!ended) headers['retry-after'] = String(retryAfterSeconds(execution, deps.runtime.world.now()));
  const status = ended || isReplayById(added) ? 200 : 202;
  const response = await respondWithExecution(deps, c, found, { status, headers, caller: `app:${app}` });
  return response ?? json(status, representExecution(asAccepted(execution)), headers);
}

/** Returns the execution as the response has it. */
async function present(
  deps: Dependencies,
  added: Accepted,
  seconds: number | null,
  c: Context,
): Promise<BriefExecution> {
  if (seconds !== null) return awaited(deps, added.execution, seconds, c.req.raw.signal);
  if (!isReplayById(added)) return withoutOutcome(originalResponse(added));
  return (await deps.store.findBrief(added.execution.correlationId)) ?? withoutOutcome(asAccepted(added.execution));
}

/** The execution is accepted even if waiting fails, so an error here must not look like an error of the submission. */
async function awaited(
  { events, runtime }: Dependencies,
  execution: Execution,
  seconds: number,
  signal: AbortSignal,
): Promise<BriefExecution> {
  try {
    const ended = await events.waiters.wait(execution.correlationId, seconds * 1000, signal);
    return ended ?? withoutOutcome(asAccepted(execution));
  } catch (error) {
    runtime.log.warn({ reason: reasonOf(error) }, 'could not wait for an execution');
    return withoutOutcome(asAccepted(execution));
  }
}

const withoutOutcome = (execution: Execution): BriefExecution => ({ execution, outcomeBytes: 0 });

/** Returns the rest of the grace period in seconds: by then the callback has arrived or polling begins. */
function retryAfterSeconds(execution: Execution, now: number): number {
  const pollAfter = execution.pollAfter ?? now + execution.graceSeconds * 1000;
  return Math.min(Math.max(Math.ceil((pollAfter - now) / 1000), 1), MAX_RETRY_AFTER_SECONDS);
}
