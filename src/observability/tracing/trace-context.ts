// Reads and writes the two headers of W3C Trace Context. Malformed headers are ignored, as the standard requires. Pure.

/** The trace context of a request; null for an absent header. */
export interface TraceContext {
  readonly traceparent: string | null;
  /** Null whenever there is no traceparent. */
  readonly tracestate: string | null;
}

export interface Traceparent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  readonly flags: number;
}

export const SAMPLED = 0b01;
/** Level 2: the trace id is random, so that samplers may rely on it. */
export const RANDOM = 0b10;
/** The other flags are reserved and sent as zero. */
const KNOWN_FLAGS = SAMPLED | RANDOM;

export const NO_CONTEXT: TraceContext = { traceparent: null, tracestate: null };

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/** Returns the headers in the form that is stored and passed on: version 00 with its known flags. */
export function readTraceContext(traceparent: string | null, tracestate: string | null): TraceContext {
  const parent = parseTraceparent(traceparent);
  if (parent === null) return NO_CONTEXT;
  return { traceparent: formatTraceparent(parent), tracestate: parseTracestate(tracestate) };
}

/** Returns null for a malformed value. Of a higher version, the fields of version 00 are read (section 4.1). */
export function parseTraceparent(value: string | null): Traceparent | null {
  const [, version = 'ff', traceId = '', spanId = '', flags = '', more] = SHAPE.exec(value ?? '') ?? [];
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & KNOWN_FLAGS };
}

export function formatTraceparent({ traceId, spanId, flags }: Traceparent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** Returns the trace id of a stored traceparent. */
export function traceIdOf(traceparent: string | null): string | null {
  return parseTraceparent(traceparent)?.traceId ?? null;
}

const MAX_MEMBERS = 32;
const MAX_LENGTH = 512;
/** Longer members are dropped first (section 3.3.1.5). */
const MAX_MEMBER_LENGTH = 128;

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
/** Printable, without comma and equals sign, and no blank at its end. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** Returns null for an empty or malformed value, which is dropped as a whole (section 3.3). */
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

/** Drops members from the right, since the newest stand at the left. */
function shortened(members: readonly string[]): string {
  if (members.join().length <= MAX_LENGTH) return members.join();
  const left = members.filter((member) => member.length <= MAX_MEMBER_LENGTH);
  while (left.join().length > MAX_LENGTH) left.pop();
  return left.join();
}
