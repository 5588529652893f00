// The limit of connections: MAX_CONNECTIONS for each listener, as far as the file descriptors suffice.

import { expect, test } from 'vitest';
import { connectionLimit, heldRequests } from '../../../src/http/server/connection-limits.ts';
import { quietLog } from '../../support/quiet-log.ts';

test('each listener may have MAX_CONNECTIONS, and held requests take a tenth of them per caller and half in all', () => {
  const log = quietLog();
  const limit = connectionLimit(2, 500, log, { limit: 65_536, open: 30 });
  expect(limit).toBe(1_000);
  expect(heldRequests(limit, 2)).toEqual({ perCaller: 50, total: 250 });
  expect(log.lines).toEqual([]);
});

test('few file descriptors mean fewer connections, with a warning that names the variable', () => {
  const log = quietLog();
  expect(connectionLimit(1, 20_000, log, { limit: 1_024, open: 24 })).toBe(600);
  expect(log.lines).toMatchObject([
    {
      level: 'warn',
      facts: { fileDescriptors: 1_024, connections: 600, wanted: 20_000 },
      message: expect.stringContaining('MAX_CONNECTIONS'),
    },
  ]);
});
