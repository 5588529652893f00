// POST /webhook/cxone-execution/{token}: CXone says what became of an execution.

import type { CallbackRefusal } from '../../callbacks/checks.ts';
import type { Outcome } from '../../execution/apply-result.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import { setRequestCorrelationId } from '../../lib/request-context.ts';
import type { RecordResult } from '../../store/port.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { createClientAddresses, type RequestOrigin } from '../middleware/client-address.ts';
import { traceCallback } from '../middleware/tracing.ts';
import { MAX_BODY_BYTES, type RequestBody, readBody } from '../request/read-body.ts';
import { json } from '../response/json.ts';
import { problem } from '../response/problem.ts';
import type { CallbackResponse } from '../schemas/callback.ts';
import type { CountRefusal } from './refusals.ts';

type Dependencies = Pick<HttpDependencies, 'webhook' | 'access' | 'runtime' | 'metrics'>;

/** `token`: the end of the path that was called. */
export type CallbackEndpoint = (request: Request, token: string, peer: string | null) => Promise<Response>;

export function createCallbackEndpoint(deps: Dependencies, countRefusal: CountRefusal): CallbackEndpoint {
  const { receive, signedUrls, checks } = deps.webhook;
  const { world, tracing } = deps.runtime;
  const clients = createClientAddresses(deps.access.trustedProxies);
  const refuse = createRefusal(deps, countRefusal);

  return async (request, token, peer) => {
    const startedAt = world.now();
    const { headers } = request;
    const header = (name: string) => headers.get(name);
    const caller = { headers, peer };
    const reference = signedUrls.verify(token);
    if (reference === null) return probed(signedUrls.proofFor(token)) ?? refuse(caller, 'bad-signature');
    const unfit = await checks.checkHeaders(header, () => clients.addressOf(caller), startedAt);
    if (unfit !== null) return refuse(caller, unfit);

    const body = await readBody(request);
    const forged = checks.checkBody(header, body.type === 'whole' ? body.bytes : null);
    if (forged !== null) return refuse(caller, forged);

    const recorded = await record(receive, reference, body, header('content-type'));
    if (recorded === undefined) return refuse(caller, 'unknown-execution');
    setRequestCorrelationId(recorded.execution.correlationId);
    deps.metrics.observeCallback(recorded.outcome, world.now() - startedAt);
    const answer = body.type === 'too-large' ? tooLarge() : answerTo(recorded.outcome);
    traceCallback(tracing, headers, recorded, startedAt, answer);
    return answer;
  };
}

/** Whoever sends a probe is told that it came here; nothing is recorded, counted or said of it. */
function probed(proof: string | null): Response | null {
  return proof === null ? null : json(200, { outcome: 'probe', proof } satisfies CallbackResponse);
}

/** One answer for whatever is wrong with a callback, and for an execution that is gone, so that it tells nothing. */
function createRefusal({ runtime, metrics }: Dependencies, countRefusal: CountRefusal) {
  const refused = createSampledWarning(runtime.log, runtime.world, 'callbacks refused');
  return (caller: RequestOrigin, why: CallbackRefusal): Response => {
    const { client, headers } = countRefusal(caller);
    metrics.observeCallback(why, 0);
    refused(why, { client });
    return problem('not-found', 'No callback is expected here.', { headers });
  };
}

/** What is signed well counts even when it cannot be read: the execution is then polled at once. */
function record(
  receive: Dependencies['webhook']['receive'],
  reference: string,
  body: RequestBody,
  contentType: string | null,
): Promise<RecordResult | undefined> {
  switch (body.type) {
    case 'whole':
      return receive.callback(reference, body.bytes, contentType);
    case 'too-large':
      return receive.unreadable(reference, `body over ${MAX_BODY_BYTES} bytes`);
    case 'broken':
      return receive.unreadable(reference, 'the body did not arrive whole');
    default:
      return body satisfies never;
  }
}

function tooLarge(): Response {
  return problem('body-too-large', `A body may have ${MAX_BODY_BYTES} bytes at most; CXone is asked instead.`);
}

function answerTo(outcome: Outcome): Response {
  if (outcome === 'mismatch') {
    return problem('callback-mismatch', 'This URL was given out for an execution with another executionId.');
  }
  // promise: openapi-names-each-response
  return json(outcome === 'unreadable' ? 202 : 200, { outcome } satisfies CallbackResponse);
}
