// POST /webhook/cxone-execution/{token}: CXone reports the outcome of an execution.

import * as v from 'valibot';
import type { CallbackRefusal } from '../../callbacks/checks.ts';
import { CALLBACK_PATH } from '../../callbacks/signed-url.ts';
import type { CallbackScan } from '../../cxone/port.ts';
import type { Outcome } from '../../execution/apply-result.ts';
import { ACCEPTED_CODINGS, decodeContent } from '../../lib/http/content-coding.ts';
import { createSampledWarning } from '../../lib/log-throttle.ts';
import { setRequestCorrelationId } from '../../lib/request-context.ts';
import type { RecordResult } from '../../store/port.ts';
import type { HttpParts } from '../dependencies.ts';
import type { PlainRequest } from '../fetch.ts';
import { createClientAddresses, type RequestOrigin, requestOrigin } from '../middleware/client-address.ts';
import { traceCallback } from '../middleware/tracing.ts';
import { component, jsonResponse, reference } from '../openapi/components.ts';
import type { ApiOperation } from '../openapi/operation.ts';
import { anything, described, text } from '../openapi/schema-parts.ts';
import { bytesOfBody, tooManyBodies } from '../request/body-budget.ts';
import { MAX_BODY_BYTES, type RequestBody, readBody } from '../request/read-body.ts';
import { json } from '../response/json.ts';
import { problem } from '../response/problem.ts';

type Dependencies = Pick<HttpParts, 'webhook' | 'bodies' | 'access' | 'runtime' | 'metrics' | 'countRefusal'>;

/** `token` is the last segment of the path. `peer` is the remote address of the connection. */
export type CallbackEndpoint = (request: PlainRequest, token: string, peer: string | null) => Promise<Response>;

export function createCallbackEndpoint(deps: Dependencies): CallbackEndpoint {
  const { receive, signedUrls, checks } = deps.webhook;
  const { world, tracing } = deps.runtime;
  const clients = createClientAddresses(deps.access.trustedProxies);
  const refuse = createRefusal(deps);
  const { ofCallbacks } = deps.bodies;

  return async (request, token, peer) => {
    const startedAt = world.now();
    const begun = world.elapsed();
    const { headers } = request;
    const header = (name: string) => headers.get(name);
    const origin = { headers, peer };
    const executionReference = signedUrls.verify(token);
    if (executionReference === null) {
      const proof = signedUrls.proofFor(token);
      return proof === null ? refuse(origin, 'bad-signature') : json(200, { outcome: 'probe', proof });
    }
    const refusal = await checks.checkHeaders(header, () => clients.addressOf(origin), startedAt);
    if (refusal !== null) return refuse(origin, refusal);

    const release = ofCallbacks.reserve(executionReference, bytesOfBody(request, MAX_BODY_BYTES));
    if (release === null) return tooManyBodies();
    try {
      return await receiveBody(request, { startedAt, begun, origin, executionReference });
    } finally {
      release();
    }
  };

  async function receiveBody(
    request: PlainRequest,
    { startedAt, begun, origin, executionReference }: Authentic,
  ): Promise<Response> {
    const { headers } = request;
    const header = (name: string) => headers.get(name);
    const large = createLargeBodyScan(receive, header('content-encoding'));
    const body = await readBody(request, MAX_BODY_BYTES, { sink: large });
    const refusal = checks.checkBody(header, body.type === 'whole' ? body.bytes : null);
    if (refusal !== null) return refuse(origin, refusal);

    const content = decoded(body, header('content-encoding'));
    const recorded = await record(receive, executionReference, { content, scanned: large.end }, header);
    if (recorded === undefined) return refuse(origin, 'unknown-execution');
    setRequestCorrelationId(recorded.execution.correlationId);
    deps.metrics.observeCallback(recorded.outcome, world.elapsed() - begun);
    const response = refusalOf(content) ?? responseTo(recorded.outcome);
    traceCallback(tracing, { headers, recorded, startedAt, response });
    return response;
  }
}

/** A callback whose URL and headers are genuine. */
interface Authentic {
  readonly startedAt: number;
  /** The same moment by the clock that no one sets. */
  readonly begun: number;
  readonly origin: RequestOrigin;
  readonly executionReference: string;
}

/** A scan that begins with the first chunk: few callbacks are over the limit. A compressed body is not scanned. */
function createLargeBodyScan(
  receive: Dependencies['webhook']['receive'],
  contentEncoding: string | null,
): CallbackScan {
  let scan: CallbackScan | null = null;
  return {
    write: (chunk) => {
      if (contentEncoding !== null) return;
      scan ??= receive.scan();
      scan.write(chunk);
    },
    end: async () => (await scan?.end()) ?? null,
  };
}

/** All refusals get the same 404, so that the response reveals nothing about the cause or the execution. */
function createRefusal({ runtime, metrics, countRefusal }: Dependencies) {
  const warn = createSampledWarning(runtime.log, runtime.world, 'callbacks refused');
  return (origin: RequestOrigin, why: CallbackRefusal): Response => {
    const { client, headers } = countRefusal(origin);
    metrics.observeCallback(why, 0);
    warn(why, { client });
    return problem('not-found', 'No callback is expected here.', { headers });
  };
}

/** The body without its content codings, or why it cannot be read. `raw`: the bytes as they came. */
type Content =
  | Exclude<RequestBody, { type: 'whole' | 'rejected' }>
  | { readonly type: 'whole'; readonly bytes: Uint8Array }
  | { readonly type: 'corrupt'; readonly reason: string; readonly raw: Uint8Array }
  | { readonly type: 'unknown'; readonly coding: string; readonly raw: Uint8Array };

/** Runs after the checks: an HMAC covers the bytes as they came. The limit holds for the decoded bytes as well. */
function decoded(body: RequestBody, contentEncoding: string | null): Content {
  if (body.type === 'rejected') return { type: 'broken' };
  if (body.type !== 'whole' || contentEncoding === null) return body;
  const content = decodeContent(body.bytes, contentEncoding, MAX_BODY_BYTES);
  if (content.type === 'decoded') return { type: 'whole', bytes: content.bytes };
  return content.type === 'too-large' ? content : { ...content, raw: body.bytes };
}

const TOO_LARGE = `body over ${MAX_BODY_BYTES} bytes`;

/** A callback with a valid signature counts even if its body cannot be read: CXone is then polled at once. */
function record(
  receive: Dependencies['webhook']['receive'],
  executionReference: string,
  { content, scanned }: { readonly content: Content; readonly scanned: CallbackScan['end'] },
  header: (name: string) => string | null,
): Promise<RecordResult | undefined> {
  const [contentType, contentEncoding] = [header('content-type'), header('content-encoding')];
  // promise: undecoded-callback-is-kept
  const unreadable = (reason: string, raw: Uint8Array | null) =>
    receive.unreadable(executionReference, reason, raw && { bytes: raw, contentType, contentEncoding });
  switch (content.type) {
    case 'whole':
      return receive.callback(executionReference, content.bytes, contentType);
    case 'too-large':
      return scanned().then((values) => receive.tooLarge(executionReference, TOO_LARGE, values));
    case 'broken':
      return unreadable('the body did not arrive whole', null);
    case 'corrupt':
      return unreadable(content.reason, content.raw);
    case 'unknown':
      return unreadable(`the content coding "${printable(content.coding)}" is not supported`, content.raw);
    default:
      return content satisfies never;
  }
}

/** Returns the error response to a body that its sender must send in another form; null for any other body. */
function refusalOf(content: Content): Response | null {
  if (content.type === 'too-large') {
    return problem(
      'body-too-large',
      `A body may have ${MAX_BODY_BYTES} bytes at most; CXone is polled for the result, where it can be.`,
    );
  }
  if (content.type !== 'unknown') return null;
  // RFC 9110, section 12.5.3.
  return problem('unsupported-media-type', 'The Content-Encoding is not supported; CXone is polled instead.', {
    headers: { 'accept-encoding': ACCEPTED_CODINGS },
  });
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}

function responseTo(outcome: Outcome): Response {
  if (outcome === 'mismatch') {
    return problem('callback-mismatch', 'This URL was given out for an execution with another executionId.');
  }
  // promise: openapi-names-each-response
  return json(outcome === 'unreadable' ? 202 : 200, { outcome });
}

const CALLBACK = component(
  'Callback',
  v.pipe(
    v.looseObject({
      status: described(
        v.union([v.string(), v.number()]),
        'Matched without case and separators. COMPLETED, SUCCEEDED, SUCCESS and FAILED, ERROR, CANCELLED, CANCELED, EXPIRED, ABORTED, TIMED_OUT, TIMEOUT end the execution; any other word is progress.',
      ),
      result: v.optional(anything('The result of the Data Action.')),
      error: v.optional(anything('The error of the Data Action.')),
      executionId: v.optional(
        described(
          v.union([v.string(), v.number()]),
          'The id at CXone; an id that differs from the known one is refused. UUIDs are compared without case.',
        ),
      ),
    }),
    v.metadata({ additionalProperties: true }),
  ),
);

/** A mismatch gets a problem. */
const OUTCOMES = [
  'resolved',
  'progress',
  'duplicate',
  'conflict',
  'late',
  'ignored',
] as const satisfies readonly Outcome[];

const CALLBACK_RESPONSE = component(
  'CallbackAnswer',
  v.object({
    outcome: described(
      v.picklist([...OUTCOMES, 'probe']),
      'resolved: the callback ended the execution. progress: the execution is still open. duplicate, conflict: the execution had ended with the same result, or with another one. late: the execution had ended without a result; this result is kept beside it. ignored: nothing changed. probe: `doctor` checked that this URL is reachable.',
    ),
    proof: v.optional(text('Of a probe: proves that the receiver has the same secret.')),
  }),
);

const UNREADABLE_RESPONSE = component(
  'UnreadableAnswer',
  v.object({
    outcome: described(v.literal('unreadable'), 'The body cannot be read: CXone is polled at once.'),
  }),
);

const EXAMPLES = {
  completed: { value: { status: 'COMPLETED', executionId: 'cx-900123', result: { paid: true, receipt: 'R-8812' } } },
  failed: { value: { status: 'FAILED', executionId: 'cx-900123', error: { code: 'CARD_DECLINED' } } },
};

export const completeExecution = {
  operationId: 'completeExecution',
  method: 'post',
  path: `${CALLBACK_PATH}/{token}`,
  listener: 'webhook',
  tag: 'Callbacks',
  access: 'open',
  stored: true,
  summary: 'CXone reports the outcome of an execution',
  description: [
    'CXone gets this URL as `callbackUrl` in the context of the execution. The token is a reference to the execution, signed with CALLBACK_SECRET: it resolves that one execution and nothing else. No key is needed.',
    'Configuration may require more: a client address, a header, credentials, a token from `/webhook/token`, a signature of the body. Whatever is missing, the response is the same 404.',
    'The body is parsed as JSON regardless of its media type, then as a form, whose field may contain the JSON. It is decoded with the charset of its Content-Type and the codings of its Content-Encoding: gzip, deflate, br, zstd. The fields are those of the built-in upstream profile.',
  ].join('\n\n'),
  parameters: [
    {
      name: 'token',
      in: 'path',
      required: true,
      description: 'Opaque: a reference and its signature.',
      schema: { type: 'string', maxLength: 128 },
    },
  ],
  requestBody: {
    required: true,
    description: 'At most 1 MiB, before and after decoding.',
    content: {
      'application/json': { schema: reference(CALLBACK), examples: EXAMPLES },
      'application/x-www-form-urlencoded': { schema: reference(CALLBACK), examples: EXAMPLES },
    },
  },
  responses: {
    '200': jsonResponse('The callback is processed and committed.', CALLBACK_RESPONSE, {
      resolved: { outcome: 'resolved' },
    }),
    '202': jsonResponse(
      'The signature is valid, but the body cannot be read. Its bytes are kept, and CXone is polled at once.',
      UNREADABLE_RESPONSE,
      { unreadable: { outcome: 'unreadable' } },
    ),
  },
  problems: [
    ...(['not-found', 'callback-mismatch', 'body-too-large'] as const),
    ...(['unsupported-media-type', 'too-many-bodies', 'internal-error'] as const),
  ],
  create: (deps: HttpParts) => {
    const endpoint = createCallbackEndpoint(deps);
    return (c) => endpoint(c.req.raw, c.req.param('token') ?? '', requestOrigin(c).peer);
  },
} satisfies ApiOperation;
