// POST /webhook/cxone-execution/{token}: CXone says what became of an execution.

import type { Context } from 'hono';
import type { Outcome } from '../execution/outcome.ts';
import { concerning } from '../request-scope.ts';
import type { Recorded } from '../store/port.ts';
import { json } from './answers.ts';
import { type Body, MAX_BODY_BYTES, readBody } from './bodies.ts';
import { type CallbackRefusal, createCallbackChecks } from './checks/callback-checks.ts';
import { createClients } from './checks/clients.ts';
import type { HttpDependencies } from './dependencies.ts';
import { createNotice } from './notices.ts';
import { problem } from './problems.ts';
import type { CallbackAnswer } from './schemas/callback.ts';
import { createThrottle } from './throttle.ts';
import { traceCallback } from './traced.ts';

type Dependencies = Pick<
  HttpDependencies,
  'resolve' | 'callbackUrls' | 'callbackRules' | 'trustedProxies' | 'world' | 'log' | 'tracing' | 'observeCallback'
>;

export function createCallbacks(deps: Dependencies) {
  const { resolve, callbackUrls, world, tracing, observeCallback } = deps;
  const checks = createCallbackChecks(deps.callbackRules);
  const clients = createClients(deps.trustedProxies);
  const refuse = createRefuse(deps);

  return async (c: Context): Promise<Response> => {
    const startedAt = world.now();
    const headers = c.req.raw.headers;
    const header = (name: string) => headers.get(name);
    const reference = callbackUrls.verify(c.req.param('token') ?? '');
    if (reference === null) return refuse(c, 'bad-signature');
    const unfit = checks.ofHead(header, () => clients.addressOf(c), world.now());
    if (unfit !== null) return refuse(c, unfit);

    const body = await readBody(c.req.raw);
    const forged = checks.ofBody(header, body.type === 'whole' ? body.bytes : null);
    if (forged !== null) return refuse(c, forged);

    const recorded = await record(resolve, reference, body, header('content-type'));
    if (recorded === undefined) return refuse(c, 'unknown-execution');
    concerning(recorded.execution.correlationId);
    observeCallback(recorded.outcome, world.now() - startedAt);
    const answer = body.type === 'too-large' ? tooLarge() : answerTo(recorded.outcome);
    traceCallback(tracing, headers, recorded, startedAt, answer);
    return answer;
  };
}

/** One answer for whatever is wrong with a callback, and for an execution that is gone, so that it tells nothing. */
function createRefuse({ log, world, trustedProxies, observeCallback }: Dependencies) {
  const refused = createNotice(log, world, 'callbacks refused');
  const throttle = createThrottle(world);
  const clients = createClients(trustedProxies);

  return (c: Context, why: CallbackRefusal): Response => {
    const client = clients.allowanceOf(c);
    observeCallback(why, 0);
    refused(why, { client });
    // Who goes on failing has to connect anew for each attempt; a good callback from there is still heard.
    const headers = throttle.fail(client) > 0 ? { headers: { connection: 'close' } } : {};
    return problem('not-found', 'No callback is expected here.', headers);
  };
}

/** What is signed well counts even when it cannot be read: the execution is then polled at once. */
function record(
  resolve: Dependencies['resolve'],
  reference: string,
  body: Body,
  contentType: string | null,
): Promise<Recorded | undefined> {
  switch (body.type) {
    case 'whole':
      return resolve.callback(reference, body.bytes, contentType);
    case 'too-large':
      return resolve.unreadable(reference, `body over ${MAX_BODY_BYTES} bytes`);
    case 'broken':
      return resolve.unreadable(reference, 'the body did not arrive whole');
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
  return json(outcome === 'unreadable' ? 202 : 200, { outcome } satisfies CallbackAnswer);
}
