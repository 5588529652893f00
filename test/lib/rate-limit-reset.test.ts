// Rate limit headers of every dialect: the time until the next request is allowed.

import { describe, expect, test } from 'vitest';
import { parseRateLimitReset } from '../../src/lib/http/rate-limit-reset.ts';
import { START } from '../support/manual-world.ts';

const EPOCH = START / 1000;

describe('nothing is left', () => {
  test.each([
    ['draft 8', { ratelimit: '"default";r=0;t=7' }, 7_000],
    ['draft 8 with several policies', { ratelimit: '"burst";r=0;t=7, "daily";r=900;t=3600' }, 7_000],
    ['draft 8 with two used-up policies', { ratelimit: '"burst";r=0;t=7, "daily";r=0;t=36' }, 36_000],
    ['draft 7', { ratelimit: 'limit=5, remaining=0, reset=7' }, 7_000],
    ['drafts 3 to 6', { 'ratelimit-limit': '5', 'ratelimit-remaining': '0', 'ratelimit-reset': '7' }, 7_000],
    ['seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7' }, 7_000],
    ['fractions of seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '0.25' }, 250],
    ['a Unix time in seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(EPOCH + 7) }, 7_000],
    ['a Unix time in milliseconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(START + 7) }, 7],
    ['a date', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': new Date(START + 7_000).toISOString() }, 7_000],
    ['another spelling', { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '7' }, 7_000],
    ['seconds under another name', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '7.5' }, 7_500],
    ['two windows', { 'x-ratelimit-remaining': '12, 0', 'x-ratelimit-reset': '3600, 7' }, 7_000],
    ['less than nothing', { 'x-ratelimit-remaining': '-1', 'x-ratelimit-reset': '7' }, 7_000],
    ['a time in the past', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(EPOCH - 7) }, 0],
  ] as const)('%s', (_, headers, ms) => {
    expect(parseRateLimitReset(new Headers(headers), START)).toBe(ms);
  });
});

test.each([
  ['some are left', { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '7' }],
  ['some are left (draft 8)', { ratelimit: '"default";r=1;t=7' }],
  ['the count is missing', { 'x-ratelimit-reset': '7' }],
  ['the reset is missing', { 'x-ratelimit-remaining': '0' }],
  ['the reset is not a time', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }],
  ['only a policy is stated', { 'ratelimit-policy': '"default";q=5;w=10' }],
  ['nothing is stated', {}],
])('%s: no wait', (_, headers) => {
  expect(parseRateLimitReset(new Headers(headers as Record<string, string>), START)).toBe(0);
});

test('a 429 means that nothing is left, even if the count is missing', () => {
  expect(parseRateLimitReset(new Headers({ 'x-ratelimit-reset': '7' }), START, true)).toBe(7_000);
});
