// Reads a JSON body, or returns the response that states why it cannot be read. Its cost is bounded before it is parsed.

import {
  isJsonObject,
  type Json,
  type JsonObject,
  MAX_JSON_DEPTH,
  MAX_PARSED_VALUES,
  parseJson,
} from '../../execution/json.ts';
import { longWorkSlice, mapYielding } from '../../lib/event-loop.ts';
import { pointerTo, problem } from '../response/problem.ts';
import { createJsonMeter, type Excess, type JsonLimits, type JsonMeter, type Span } from './json-meter.ts';
import { readBody } from './read-body.ts';

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

export type JsonBody = { readonly type: 'read'; readonly value: Json } | Refused;

/** A document whose list `name` was parsed item by item; `itemBytes` are their sizes as they were sent. */
export type JsonItems =
  | { readonly type: 'read'; readonly value: Json; readonly itemBytes: readonly number[] }
  | Refused;

export async function readJsonBody(request: Request, limits = SMALL): Promise<JsonBody> {
  const body = await readMeasured(request, limits);
  if (body.type === 'refused') return body;
  // promise: large-submissions-take-turns
  await longWorkSlice(body.meter.values() > MAX_PARSED_VALUES);
  try {
    return { type: 'read', value: parseJson(utf8.decode(body.bytes), limits.levels) };
  } catch (error) {
    return unparsed(error, limits, { bytes: body.bytes, span: { start: 0, end: 0 } });
  }
}

/** Reads a document with a list `name` of any size: between its items, other requests are served. */
export async function readJsonItems(request: Request, name: string, limits: JsonBodyLimits): Promise<JsonItems> {
  const body = await readMeasured(request, limits);
  if (body.type === 'refused') return body;
  const { bytes, meter } = body;
  const spans = meter.items.filter((span) => !isBlank(bytes, span));
  let span: Span | null = null;
  await longWorkSlice(meter.values() > MAX_PARSED_VALUES);
  try {
    const document = parseJson(utf8.decode(skeletonOf(bytes, spans)), limits.levels);
    const values = await mapYielding(spans, (each) => {
      span = each;
      return parseJson(utf8.decode(bytes.subarray(each.start, each.end)), limits.levels - 2);
    });
    if (!isJsonObject(document) || !Array.isArray(document[name]))
      return { type: 'read', value: document, itemBytes: [] };
    const places = document[name] as number[];
    const items = places.map((place) => values[place] as Json);
    const itemBytes = places.map((place) => sizeOf(spans[place]));
    return { type: 'read', value: { ...document, [name]: items } satisfies JsonObject, itemBytes };
  } catch (error) {
    return unparsed(error, limits, { bytes, span });
  }
}

type Measured = { readonly type: 'measured'; readonly bytes: Uint8Array; readonly meter: JsonMeter } | Refused;

async function readMeasured(request: Request, limits: JsonBodyLimits): Promise<Measured> {
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
      if (body.bytes.length === 0) return malformed('The body is empty; send a JSON object.');
      return { type: 'measured', bytes: body.bytes, meter };
    default:
      return body satisfies never;
  }
}

function jsonLimits({ values, itemValues = values, levels }: JsonBodyLimits): JsonLimits {
  return { values, itemValues, levels };
}

function excessive(excess: Excess, limits: JsonBodyLimits): Response {
  if (excess.type === 'too-deep') return tooDeep(limits);
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

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The document with the position of each item in the place of the item. */
function skeletonOf(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const [position, { start, end }] of spans.entries()) {
    parts.push(bytes.subarray(copied, start), Buffer.from(String(position)));
    copied = end;
  }
  parts.push(bytes.subarray(copied));
  return Buffer.concat(parts);
}

function sizeOf(span: Span | undefined): number {
  return span === undefined ? 0 : span.end - span.start;
}

/** Returns whether there is nothing but white space (RFC 8259, section 2), as in an empty list. */
function isBlank(bytes: Uint8Array, { start, end }: Span): boolean {
  for (let at = start; at < end; at += 1) if (![0x20, 0x09, 0x0a, 0x0d].includes(bytes[at] as number)) return false;
  return true;
}

/** Where a text that was parsed by itself begins in its body. */
interface Place {
  readonly bytes: Uint8Array;
  /** Null: in the text around the items, whose places are not those of the body. */
  readonly span: Span | null;
}

function unparsed(error: unknown, limits: JsonBodyLimits, place: Place): Refused {
  if (!(error instanceof SyntaxError)) return malformed('The body is not UTF-8 text.');
  if (error.message.includes('nested')) return refused(tooDeep(limits));
  // The parser's message may quote the body.
  const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [];
  const { bytes, span } = place;
  if (line === undefined || span === null) return malformed('The body is not valid JSON.');
  const where = inBody(bytes.subarray(0, span.start), Number(line), Number(column));
  return malformed(`The body is not valid JSON: look at ${where}.`);
}

/** Returns a place in an item as a place in the body. */
function inBody(precedingBytes: Uint8Array, line: number, column: number): string {
  const before = Buffer.from(precedingBytes).toString('latin1').split('\n');
  const columns = line === 1 ? (before.at(-1)?.length ?? 0) : 0;
  return `line ${before.length - 1 + line} column ${columns + column}`;
}

function tooDeep({ levels }: JsonBodyLimits): Response {
  return problem('malformed-json', `The JSON is nested too deeply; ${levels} levels are allowed.`);
}

function malformed(detail: string): Refused {
  return refused(problem('malformed-json', detail));
}

function refused(response: Response): Refused {
  return { type: 'refused', response };
}
