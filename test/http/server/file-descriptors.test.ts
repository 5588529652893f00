// The connections that the file descriptors of the process allow.

import { expect, test } from 'vitest';
import { affordableConnections, limitIn, readFileDescriptors } from '../../../src/http/server/connection-limits.ts';

test('enough descriptors allow as many connections as wanted, few allow a part of what is free, and never none', () => {
  expect(affordableConnections(10_000, { limit: 1_048_576, open: 30 })).toBe(10_000);
  expect(affordableConnections(10_000, { limit: 64, open: 24 })).toBe(24);
  expect(affordableConnections(10_000, { limit: 32, open: 31 })).toBe(8);
  expect(affordableConnections(10_000, null)).toBe(10_000);
});

test('the soft limit counts; a process may have none', () => {
  const limits = (soft: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}   524288   files\n`;
  expect(limitIn(limits('1024'))).toBe(1024);
  expect(limitIn(limits('unlimited'))).toBeNull();
});

test.skipIf(process.platform !== 'linux')('they are read from /proc', () => {
  const { limit = 0, open = 0 } = readFileDescriptors() ?? {};
  expect(open).toBeGreaterThan(3);
  expect(limit).toBeGreaterThan(open);
});
