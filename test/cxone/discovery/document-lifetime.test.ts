// A discovery document is kept as long as its response states, within limits.

import { expect, test } from 'vitest';
import { documentLifetimeMs } from '../../../src/cxone/discovery/document-lifetime.ts';

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';

test.each<[string, Record<string, string>, number]>([
  ['max-age', { 'cache-control': 'max-age=2' }, 2_000],
  ['quoted max-age among other directives', { 'cache-control': 'public, Max-Age="60", must-revalidate' }, 60_000],
  ['max-age less the age in a shared cache', { 'cache-control': 'max-age=60', age: '50' }, 10_000],
  ['private max-age: this cache is not shared', { 'cache-control': 'private, max-age=30, s-maxage=5' }, 30_000],
  ['max-age before Expires', { 'cache-control': 'max-age=9', expires: DATE, date: DATE }, 9_000],
  ['Expires after Date', { expires: 'Thu, 01 Jan 2026 00:10:00 GMT', date: DATE }, 600_000],
  ['no statement: an hour', { date: DATE, 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 3_600_000],
  ['no time in Cache-Control: an hour', { 'cache-control': 'public' }, 3_600_000],
  ['no-store: a second', { 'cache-control': 'no-store' }, 1_000],
  ['no-cache with max-age: a second', { 'cache-control': 'no-cache, max-age=60' }, 1_000],
  ['Pragma: no-cache: a second', { pragma: 'no-cache' }, 1_000],
  ['max-age=0: a second', { 'cache-control': 'max-age=0' }, 1_000],
  ['unreadable Expires: a second', { expires: '0', date: DATE }, 1_000],
  ['older than max-age: a second', { 'cache-control': 'max-age=60', age: '600' }, 1_000],
  ['a year: a day', { 'cache-control': 'max-age=31536000' }, 86_400_000],
])('%s', (_, headers, lifetimeMs) => {
  expect(documentLifetimeMs('https://issuer.example/.well-known/x', new Headers(headers))).toBe(lifetimeMs);
});
