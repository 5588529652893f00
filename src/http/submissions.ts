// POST /v1/executions: checks what an app sends, hands it on, and answers once it is durable.

import type { Context } from 'hono';
import { type Execution, isTerminal } from '../execution/execution.ts';
import { type Json, MAX_JSON_DEPTH, parseJson } from '../execution/json.ts';
import { representExecution } from '../execution/representation.ts';
import { reasonOf } from '../log.ts';
import { json } from './answers.ts';
import type { Identity } from './authentication.ts';
import { MAX_BODY_BYTES, readBody } from './bodies.ts';
import type { HttpDependencies } from './dependencies.ts';
import { preferredWait, waitApplied } from './preferences.ts';
import { invalidInput, problem } from './problems.ts';
import { parseSubmission } from './submission-request.ts';
import { howMany } from './validation.ts';

/** When to come back once the queue has moved or another process has taken over, in seconds. */
const QUEUE_FULL_RETRY_SECONDS = 5;
const DRAINING_RETRY_SECONDS = 10;
/** The longest an app is told to look away, in seconds. */
const MAX_RETRY_AFTER_SECONDS = 60;

type Dependencies = Pick<HttpDependencies, 'submit' | 'waiters' | 'world' | 'log' | 'draining'>;

export function createSubmissions(deps: Dependencies) {
  return async (c: Context, caller: Identity): Promise<Response> => {
    if (deps.draining()) return draining();
    const refusal = refuseMediaType(c.req.raw.headers);
    if (refusal !== null) return refusal;

    const body = await readJson(c.req.raw);
    if (body.type === 'refused') return body.answer;
    const submission = parseSubmission(body.value);
    if (!submission.valid) {
      return invalidInput(`${howMany(submission.errors, 'field')}; errors names each.`, submission.errors);
    }

    const added = await deps.submit(caller.name, submission.value, {
      idempotencyKey: null,
      traceparent: null,
      tracestate: null,
    });
    switch (added.outcome) {
      case 'conflict':
        return problem(
          'correlation-id-taken',
          'Another submission has this correlationId: send the same body to get that one, or another correlationId.',
        );
      case 'key-reused':
        return problem(
          'idempotency-key-reused',
          'This Idempotency-Key came before with another body: send the same body to get that answer, or another key.',
        );
      case 'share-full':
        return problem('app-queue-full', 'Nothing was accepted. Send it again when some of yours have been sent on.', {
          headers: { 'retry-after': String(QUEUE_FULL_RETRY_SECONDS) },
        });
      case 'full':
        return problem('queue-full', 'Nothing was accepted. Send it again later.', {
          headers: { 'retry-after': String(QUEUE_FULL_RETRY_SECONDS) },
        });
      case 'added':
      case 'replayed': {
        const seconds = preferredWait(c.req.header('prefer'));
        const execution =
          seconds === null ? added.execution : await held(deps, added.execution, seconds, c.req.raw.signal);
        return accepted(execution, added.outcome === 'replayed', seconds, deps.world.now());
      }
      default:
        return added satisfies never;
    }
  };
}

function accepted(execution: Execution, replayed: boolean, waited: number | null, now: number): Response {
  const headers: Record<string, string> = {
    location: `/v1/executions/${execution.correlationId}`,
    vary: 'Prefer',
    ...waitApplied(waited),
  };
  if (replayed) headers['idempotent-replayed'] = 'true';
  const ended = isTerminal(execution.status);
  if (!ended) headers['retry-after'] = String(lookAgainIn(execution, now));
  return json(replayed || ended ? 200 : 202, representExecution(execution), headers);
}

/** It is accepted, whatever becomes of the waiting: an error here must not look like one of the submission. */
async function held(
  { waiters, log }: Pick<Dependencies, 'waiters' | 'log'>,
  execution: Execution,
  seconds: number,
  signal: AbortSignal,
): Promise<Execution> {
  try {
    return (await waiters.wait(execution.correlationId, seconds * 1000, signal)) ?? execution;
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'could not wait for an execution');
    return execution;
  }
}

/** Seconds until the callback has come or polling begins: what is left of the grace period. */
function lookAgainIn(execution: Execution, now: number): number {
  const pollAfter = execution.pollAfter ?? now + execution.graceSeconds * 1000;
  return Math.min(Math.max(Math.ceil((pollAfter - now) / 1000), 1), MAX_RETRY_AFTER_SECONDS);
}

function draining(): Response {
  return problem('draining', 'Nothing was accepted. Send it again later.', {
    headers: { 'retry-after': String(DRAINING_RETRY_SECONDS) },
  });
}

function refuseMediaType(headers: globalThis.Headers): Response | null {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    return problem('unsupported-media-type', 'Send the body uncompressed, without Content-Encoding.', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const type = headers.get('content-type')?.split(';', 1)[0]?.trim() ?? '';
  if (/^application\/(?:[\w.!#$&^+-]+\+)?json$/i.test(type)) return null;
  return problem('unsupported-media-type', 'Send JSON, with "Content-Type: application/json".', {
    headers: { accept: 'application/json' },
  });
}

type Read = { readonly type: 'read'; readonly value: Json } | { readonly type: 'refused'; readonly answer: Response };

async function readJson(request: Request): Promise<Read> {
  const body = await readBody(request);
  switch (body.type) {
    case 'too-large':
      return refused(problem('body-too-large', `A body may have ${MAX_BODY_BYTES} bytes at most.`));
    case 'broken':
      return refused(problem('bad-request', 'The body did not arrive whole.'));
    case 'whole':
      return parsed(body.bytes);
    default:
      return body satisfies never;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parsed(bytes: Uint8Array): Read {
  if (bytes.length === 0) return malformed('The body is empty; send a JSON object.');
  try {
    return { type: 'read', value: parseJson(utf8.decode(bytes)) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) return malformed('The body is no UTF-8 text.');
    if (error.message.includes('nested')) {
      return malformed(`The JSON is nested too deeply; ${MAX_JSON_DEPTH} levels are allowed.`);
    }
    // The parser's own words may quote the body.
    const place = /line \d+ column \d+/.exec(error.message)?.[0];
    return malformed(`The body is no valid JSON${place === undefined ? '.' : `: look at ${place}.`}`);
  }
}

function malformed(detail: string): Read {
  return refused(problem('malformed-json', detail));
}

function refused(answer: Response): Read {
  return { type: 'refused', answer };
}
