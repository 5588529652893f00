// Receives JSON bodies, or returns the response that states why one is refused. The cost of a body is bounded before it is parsed.

import type { Context } from 'hono';
import { type Json, MAX_JSON_DEPTH } from '../../execution/json.ts';
import type { Identity } from '../middleware/identity.ts';
import { invalidInput, pointerTo, problem } from '../response/problem.ts';
import { createJsonMeter, type Excess, type JsonLimits, type JsonMeter } from './json-meter.ts';
import { parseBody, tooDeep } from './parse-body.ts';
import { readBody } from './read-body.ts';
import type { Validated } from './validate.ts';

export interface JsonBodyLimits {
  readonly bytes: number;
  /** Levels of nesting. */
  readonly levels: number;
  /** Values of the body, and of each item of a list in it. */
  readonly values: number;
  readonly itemValues?: number;
}

/** For requests without a payload: a filter of executions or notifications has a few members. */
const SMALL: JsonBodyLimits = { bytes: 64 * 1024, levels: MAX_JSON_DEPTH, values: 64 * 1024 };

interface Refused {
  readonly type: 'refused';
  readonly response: Response;
}

/** A body within its limits that is not parsed yet. */
export interface MeasuredBody {
  readonly bytes: Uint8Array;
  readonly meter: Pick<JsonMeter, 'items' | 'values'>;
}

/** Returns a handler that reads a body without a payload, and acts on what it states. */
export function onBody<T>(
  parse: (body: Json, caller: Identity) => Validated<T>,
  act: (stated: T, c: Context, caller: Identity) => Promise<Response>,
): (c: Context, caller: Identity) => Promise<Response> {
  return async (c, caller) => {
    const body = await readJsonBody(c.req.raw);
    if (body instanceof Response) return body;
    const stated = parse(body, caller);
    return stated.valid ? act(stated.value, c, caller) : invalidInput(stated.errors);
  };
}

/** Reads a body without a payload, or returns the response that refuses it. */
export async function readJsonBody(request: Request): Promise<Json | Response> {
  const body = await receiveJson(request, SMALL);
  if (body.type === 'refused') return body.response;
  const parsed = parseBody(body.bytes, SMALL.levels);
  return parsed.type === 'parsed' ? parsed.value : malformedJson(parsed.detail);
}

/** Receives a body of any size within the limits. */
export async function receiveJson(
  request: Request,
  limits: JsonBodyLimits,
): Promise<({ readonly type: 'received' } & MeasuredBody) | Refused> {
  const refusal = refuseMediaType(request.headers);
  if (refusal !== null) return refused(refusal);
  const meter = createJsonMeter(jsonLimits(limits));
  let excess: Excess | null = null;
  const inspect = (chunk: Uint8Array) => {
    excess = meter.write(chunk);
    return excess === null;
  };
  const body = await readBody(request, limits.bytes, { inspect });
  switch (body.type) {
    case 'too-large':
      return refused(problem('body-too-large', `A body may have ${limits.bytes} bytes at most.`));
    case 'rejected':
      return refused(excessive(excess ?? { type: 'too-deep' }, limits));
    case 'broken':
      return refused(problem('bad-request', 'The body did not arrive whole.'));
    case 'whole':
      if (body.bytes.length === 0) return refused(malformedJson('The body is empty; send a JSON object.'));
      return { type: 'received', bytes: body.bytes, meter };
    default:
      return body satisfies never;
  }
}

export function malformedJson(detail: string): Response {
  return problem('malformed-json', detail);
}

function jsonLimits({ values, itemValues = values, levels }: JsonBodyLimits): JsonLimits {
  return { values, itemValues, levels };
}

function excessive(excess: Excess, limits: JsonBodyLimits): Response {
  if (excess.type === 'too-deep') return malformedJson(tooDeep(limits.levels));
  const { values, itemValues } = jsonLimits(limits);
  const which = excess.item === null ? 'A body' : `${pointerTo('executions', String(excess.item))}: a submission`;
  const most = excess.item === null ? values : itemValues;
  return problem('body-too-large', `${which} may have ${most} JSON values at most; see MAX_BODY_VALUES.`);
}

function refuseMediaType(headers: Headers): Response | null {
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

function refused(response: Response): Refused {
  return { type: 'refused', response };
}
