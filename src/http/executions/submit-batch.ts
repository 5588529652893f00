// POST /v1/executions/batch: many submissions in one request and one commit, each with its own answer, or all or none of them.

import type { Context } from 'hono';
import { type Json, MAX_JSON_DEPTH } from '../../execution/json.ts';
import { mapYielding } from '../../lib/event-loop.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Identity } from '../middleware/identity.ts';
import { MAX_BODY_BYTES } from '../request/read-body.ts';
import { type BodyLimits, readJsonBody } from '../request/read-json.ts';
import { readSubmissionHeaders } from '../request/submission-headers.ts';
import { howMany } from '../request/validate.ts';
import { invalidInput } from '../response/problem.ts';
import { type CheckedItem, eachAnswered, itemPointer, refuseInvalidItems, wholeRefused } from './batch-response.ts';
import { parseBatch } from './batch-schema.ts';
import { draining } from './submission-response.ts';
import { parseSubmission, type SubmissionChecks } from './submission-schema.ts';

/** An item stands two levels deeper than alone. */
const LIMITS: BodyLimits = { bytes: 10 * 1024 * 1024, levels: MAX_JSON_DEPTH + 2 };

type Dependencies = Pick<HttpDependencies, 'submissions' | 'lifecycle'>;

export function createBatches(deps: Dependencies) {
  return async (c: Context, caller: Identity): Promise<Response> => {
    if (deps.lifecycle.draining()) return draining();
    const head = readSubmissionHeaders(c);
    if (head.type === 'refused') return head.answer;
    const body = await readJsonBody(c.req.raw, LIMITS);
    if (body.type === 'refused') return body.answer;
    const batch = parseBatch(body.value);
    if (!batch.valid) return invalidInput(`${howMany(batch.errors, 'field')}; errors names each.`, batch.errors);

    const { executions, atomic } = batch.value;
    const tooFast = deps.submissions.rates.take(caller.name, executions.length);
    if (tooFast !== null) return tooFast;
    // Only a body that is larger than a submission may be can hold one that is.
    const measured = body.bytes > MAX_BODY_BYTES;
    const checks = {
      notifyProblem: (url: string) => deps.submissions.notifyRules.check(caller.name, url),
      unsupportedParts: deps.submissions.unsupportedParts,
    };
    const items = await mapYielding(executions, (sent, index) => check(sent, index, measured, checks));
    const invalid = items.filter((item) => item.type === 'invalid');
    if (atomic && invalid.length > 0) return refuseInvalidItems(invalid, items.length);

    const outcomes = await deps.submissions.submit.batch(caller.name, { items, atomic }, head.arrival);
    return wholeRefused(outcomes, atomic) ?? eachAnswered(items, outcomes);
  };
}

/** Holds an item to whatever a submission alone is held to. */
function check(sent: Json, index: number, measured: boolean, checks: SubmissionChecks): CheckedItem {
  if (measured && Buffer.byteLength(JSON.stringify(sent)) > MAX_BODY_BYTES) {
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
