// W3C Trace Context: a valid header is kept and passed on unchanged, and an invalid one is ignored.

import { describe, expect, test } from 'vitest';
import {
  parseTraceparent,
  parseTracestate,
  readTraceContext,
  traceIdOf,
} from '../../../src/observability/tracing/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const NOTHING = { traceparent: null, tracestate: null };

describe('traceparent', () => {
  test.for([PARENT, `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-03`])('%s is passed on unchanged', (header) => {
    expect(readTraceContext(header, null)).toEqual({ traceparent: header, tracestate: null });
  });

  test('a header yields the trace id, the span id and the flags', () => {
    expect(parseTraceparent(PARENT)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 });
    expect(traceIdOf(PARENT)).toBe(TRACE);
    expect(traceIdOf(null)).toBeNull();
  });

  test('undefined flags are cleared, as the specification requires', () => {
    expect(readTraceContext(`00-${TRACE}-${SPAN}-ff`, null).traceparent).toBe(`00-${TRACE}-${SPAN}-03`);
  });

  test.for([
    `cc-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`,
    `01-${TRACE}-${SPAN}-01-`,
  ])('a higher version is read as far as version 00 defines it: %s', (header) =>
    expect(readTraceContext(header, null).traceparent).toBe(PARENT),
  );

  test.for([
    ['nothing', null],
    ['an empty one', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace id that is too short', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a span id that is too long', `00-${TRACE}-${SPAN}0-01`],
    ['no flags', `00-${TRACE}-${SPAN}`],
    ['flags of one digit', `00-${TRACE}-${SPAN}-1`],
    ['no hexadecimal digits', `00-${TRACE}-${SPAN}-0x`],
    ['more after version 00', `00-${TRACE}-${SPAN}-01-what-is-this`],
    ['a higher version that continues without a hyphen', `cc-${TRACE}-${SPAN}-01.what`],
    ['two headers', `${PARENT}, ${PARENT}`],
    ['a line after it', `${PARENT}\n`],
    ['four digits of version', `0000-${TRACE}-${SPAN}-01`],
  ] as const)('%s is ignored, and so is tracestate', ([, header]) => {
    expect(readTraceContext(header, 'vendor=1')).toEqual(NOTHING);
  });
});

describe('tracestate', () => {
  test.for([
    ['one member', 'vendor=t61rcWkgMzE', 'vendor=t61rcWkgMzE'],
    ['several, of several headers', 'a=1, b=2\t,c=3', 'a=1,b=2,c=3'],
    ['empty members', ',a=1,, ,b=2,', 'a=1,b=2'],
    ['a tenant', '1a@vendor=x', '1a@vendor=x'],
    ['every character of a key', 'a0_-*/@=1', 'a0_-*/@=1'],
    ['blanks within a value', 'a=b c!~', 'a=b c!~'],
    ['a key of 256 characters', `${'k'.repeat(256)}=1`, `${'k'.repeat(256)}=1`],
    ['a value of 256 characters', `a=${'v'.repeat(256)}`, `a=${'v'.repeat(256)}`],
  ] as const)('%s is kept', ([, header, kept]) => {
    expect(readTraceContext(PARENT, header)).toEqual({ traceparent: PARENT, tracestate: kept });
  });

  test.for([
    ['nothing', null],
    ['an empty one', ''],
    ['only commas', ' ,, '],
    ['a member without a value', 'a=1,b'],
    ['an empty value', 'a='],
    ['an empty key', '=1'],
    ['a key in upper case', 'A=1'],
    ['a key with a blank', 'a b=1'],
    ['a blank before the equals sign', 'a =1'],
    ['a key of 257 characters', `${'k'.repeat(257)}=1`],
    ['a value of 257 characters', `a=${'v'.repeat(257)}`],
    ['an equals sign in a value', 'a=1=2'],
    ['a character outside ASCII', 'a=é'],
    ['a control character', 'a=\u0001'],
    ['a key twice', 'a=1,b=2,a=3'],
    ['33 members', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join()],
  ] as const)('%s: all of tracestate is dropped, and traceparent stays', ([, header]) => {
    expect(readTraceContext(PARENT, header)).toEqual({ traceparent: PARENT, tracestate: null });
  });

  test('32 members are accepted', () => {
    const header = Array.from({ length: 32 }, (_, i) => `k${i}=1`).join();
    expect(parseTracestate(header)).toBe(header);
  });

  test('no more than 512 characters are passed on: the largest members go first, then those at the end', () => {
    const small = Array.from({ length: 31 }, (_, i) => `k${String(i).padStart(2, '0')}=${'v'.repeat(16)}`);
    const large = `large=${'v'.repeat(200)}`;
    expect(parseTracestate([large, ...small.slice(0, 20)].join())).toBe(small.slice(0, 20).join());
    const kept = parseTracestate([large, ...small].join()) ?? '';
    expect(small.join().startsWith(`${kept},`)).toBe(true);
    expect(kept.length).toBeLessThanOrEqual(512);
    expect(kept.split(',')).toHaveLength(24);
  });
});
