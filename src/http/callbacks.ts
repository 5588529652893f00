// POST /webhook/cxone-execution/{token}: CXone says what became of an execution.

import type { Context } from 'hono';
import type { Outcome } from '../execution/outcome.ts';
import type { Recorded } from '../store/port.ts';
import { json } from './answers.ts';
import { type Body, MAX_BODY_BYTES, readBody } from './bodies.ts';
import type { HttpDependencies } from './dependencies.ts';
import { createNotice } from './notices.ts';
import { problem } from './problems.ts';

type Dependencies = Pick<HttpDependencies, 'resolve' | 'callbackUrls' | 'world' | 'log' | 'observeCallback'>;

export function createCallbacks({ resolve, callbackUrls, world, log, observeCallback }: Dependencies) {
  const refused = createNotice(log, world, 'callbacks refused');

  // One answer for a forged token and for one whose execution is gone, so that neither tells anything.
  const unwanted = (why: 'bad-signature' | 'unknown-execution'): Response => {
    observeCallback(why);
    refused(why);
    return problem('not-found', 'No callback is expected here.');
  };

  return async (c: Context): Promise<Response> => {
    const reference = callbackUrls.verify(c.req.param('token') ?? '');
    if (reference === null) return unwanted('bad-signature');
    const body = await readBody(c.req.raw);
    const recorded = await record(resolve, reference, body, c.req.header('content-type') ?? null);
    if (recorded === undefined) return unwanted('unknown-execution');
    observeCallback(recorded.outcome);
    if (body.type === 'too-large') {
      return problem('body-too-large', `A body may have ${MAX_BODY_BYTES} bytes at most; CXone is asked instead.`);
    }
    return answerTo(recorded.outcome);
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

function answerTo(outcome: Outcome): Response {
  if (outcome === 'mismatch') {
    return problem('callback-mismatch', 'This URL was given out for an execution with another executionId.');
  }
  return json(outcome === 'unreadable' ? 202 : 200, { outcome });
}
