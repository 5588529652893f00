// W3C Trace Context: reads the two headers and writes them. Pure. What is not well formed is ignored, as the standard says.

/** What goes along with a request so that it can be told which trace it belongs to; null for none. */
export interface TraceContext {
  readonly traceparent: string | null;
  /** Null whenever there is no traceparent. */
  readonly tracestate: string | null;
}

export interface Traceparent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 of them, not all zero. */
  readonly spanId: string;
  readonly flags: number;
}

export const SAMPLED = 0b01;
/** Level 2: that the trace id was chosen at random, so that samplers may rely on it. */
export const RANDOM = 0b10;
/** The others are reserved, and to be sent as zero. */
const KNOWN_FLAGS = SAMPLED | RANDOM;

export const NO_CONTEXT: TraceContext = { traceparent: null, tracestate: null };

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/** The headers as they came, in the form in which they are kept and passed on: version 00, with what it knows. */
export function readTraceContext(traceparent: string | null, tracestate: string | null): TraceContext {
  const parent = parseTraceparent(traceparent);
  if (parent === null) return NO_CONTEXT;
  return { traceparent: formatTraceparent(parent), tracestate: parseTracestate(tracestate) };
}

/** Null when it is none or is to be ignored. Of a higher version the fields that version 00 knows are read (section 4.1). */
export function parseTraceparent(value: string | null): Traceparent | null {
  const [, version = 'ff', traceId = '', spanId = '', flags = '', more] = SHAPE.exec(value ?? '') ?? [];
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & KNOWN_FLAGS };
}

export function formatTraceparent({ traceId, spanId, flags }: Traceparent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** The trace that a stored traceparent belongs to. */
export function traceIdOf(traceparent: string | null): string | null {
  return parseTraceparent(traceparent)?.traceId ?? null;
}

const MAX_MEMBERS = 32;
const MAX_LENGTH = 512;
/** What is longer goes first when something must (section 3.3.1.5). */
const MAX_MEMBER_LENGTH = 128;

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
/** Printable, without comma and equals sign, and no blank at its end. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** Null when there is nothing in it, or anything wrong with it: then the whole of it is dropped (section 3.3). */
export function parseTracestate(value: string | null): string | null {
  const members = (value ?? '').split(',').flatMap((member) => {
    const trimmed = member.replace(/^[ \t]+|[ \t]+$/g, '');
    return trimmed === '' ? [] : [trimmed];
  });
  const keys = new Set(members.map(keyOf));
  if (keys.size < members.length || members.length > MAX_MEMBERS || !members.every(isMember)) return null;
  return shortened(members) || null;
}

function keyOf(member: string): string {
  return member.slice(0, Math.max(member.indexOf('='), 0));
}

function isMember(member: string): boolean {
  const key = keyOf(member);
  return KEY.test(key) && VALUE.test(member.slice(key.length + 1));
}

/** The newest are at the left, so the right end goes. */
function shortened(members: readonly string[]): string {
  if (members.join().length <= MAX_LENGTH) return members.join();
  const left = members.filter((member) => member.length <= MAX_MEMBER_LENGTH);
  while (left.join().length > MAX_LENGTH) left.pop();
  return left.join();
}
