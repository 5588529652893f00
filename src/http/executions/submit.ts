// POST /v1/executions: checks what an app sends, hands it on, and answers once it is durable.

import type { Context } from 'hono';
import { type Execution, isTerminal } from '../../execution/execution.ts';
import { representExecution } from '../../execution/representation.ts';
import { reasonOf } from '../../lib/log.ts';
import { setRequestCorrelationId } from '../../lib/request-context.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { preferenceApplied, preferredWait } from '../request/prefer-wait.ts';
import { readJsonBody } from '../request/read-json.ts';
import { readSubmissionHeaders } from '../request/submission-headers.ts';
import { howMany } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { invalidInput, problem } from '../response/problem.ts';
import { type Accepted, draining, isReplayByKey, originalResponse, refusalOf } from './submission-response.ts';
import { parseSubmission } from './submission-schema.ts';

/** The longest an app is told to look away, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 60;

type Dependencies = Pick<HttpDependencies, 'submissions' | 'events' | 'lifecycle' | 'runtime'>;

export function createSubmissions(deps: Dependencies) {
  return async (c: Context, caller: Identity): Promise<Response> => {
    if (deps.lifecycle.draining()) return draining();
    const head = readSubmissionHeaders(c);
    if (head.type === 'refused') return head.answer;
    const body = await readJsonBody(c.req.raw);
    if (body.type === 'refused') return body.answer;
    const submission = parseSubmission(body.value, {
      notifyProblem: (url) => deps.submissions.notifyRules.check(caller.name, url),
      unsupportedParts: deps.submissions.unsupportedParts,
    });
    if (!submission.valid) {
      return invalidInput(`${howMany(submission.errors, 'field')}; errors names each.`, submission.errors);
    }

    const added = await deps.submissions.submit.one(caller.name, submission.value, head.arrival);
    switch (added.outcome) {
      case 'added':
      case 'replayed':
        return accepted(deps, added, preferredWait(c.req.header('prefer')), c.req.raw.signal);
      default: {
        const { name, detail, headers } = refusalOf(added.outcome);
        return problem(name, detail, { headers });
      }
    }
  };
}

async function accepted(
  deps: Dependencies,
  added: Accepted,
  seconds: number | null,
  signal: AbortSignal,
): Promise<Response> {
  setRequestCorrelationId(added.execution.correlationId);
  const execution = seconds === null ? originalResponse(added) : await held(deps, added.execution, seconds, signal);
  const headers: Record<string, string> = {
    location: `/v1/executions/${execution.correlationId}`,
    vary: 'Prefer',
    ...preferenceApplied(seconds),
  };
  if (added.outcome === 'replayed') headers['idempotent-replayed'] = 'true';
  const ended = isTerminal(execution.status);
  if (!ended) headers['retry-after'] = String(lookAgainIn(execution, deps.runtime.world.now()));
  const asFound = added.outcome === 'replayed' && !isReplayByKey(added);
  return json(ended || asFound ? 200 : 202, representExecution(execution), headers);
}

/** It is accepted, whatever becomes of the waiting: an error here must not look like one of the submission. */
async function held(
  { events, runtime }: Dependencies,
  execution: Execution,
  seconds: number,
  signal: AbortSignal,
): Promise<Execution> {
  try {
    return (await events.waiters.wait(execution.correlationId, seconds * 1000, signal)) ?? execution;
  } catch (error) {
    runtime.log.warn({ reason: reasonOf(error) }, 'could not wait for an execution');
    return execution;
  }
}

/** Seconds until the callback has come or polling begins: what is left of the grace period. */
function lookAgainIn(execution: Execution, now: number): number {
  const pollAfter = execution.pollAfter ?? now + execution.graceSeconds * 1000;
  return Math.min(Math.max(Math.ceil((pollAfter - now) / 1000), 1), MAX_RETRY_AFTER_SECONDS);
}
