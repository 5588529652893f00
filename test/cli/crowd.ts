// Databases with very many executions, written by SQL: through the store it would take minutes.

import { join } from 'node:path';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { makeViewsWritable } from '../support/writable-views.ts';

/** 2026-01-01T00:00:00Z; one execution a second from then on. */
export const CROWD_START = Date.UTC(2026, 0, 1);

/** Each execution has one audit entry; each tenth timed out, each third is of another app. @returns the path */
export function crowdedDatabase(count: number, inputsChars = 100, folder = temporaryFolder()): string {
  const path = join(folder, 'receiver.db');
  const { client, close } = openDatabase(path);
  const moment = `strftime('%Y-%m-%dT%H:%M:%S', ${CROWD_START / 1000} + n, 'unixepoch') || '.000Z'`;
  const time = `printf('%012x', ${CROWD_START} + n * 1000)`;
  const numbers = `WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < ${count})`;
  makeViewsWritable(client);
  client.exec(`BEGIN;
    ${numbers} INSERT INTO executions (correlation_id, reference, app, action_id, hearsay, status, resolved_by, inputs, context,
      result, error, submitted_at, sent_at, resolved_at, poll_count, attempts, timeout_seconds, grace_seconds,
      retry_uncertain, fingerprint)
    SELECT 'order-' || n, substr(${time}, 1, 8) || '-' || substr(${time}, 9) || '-7000-8000-' || printf('%012x', n),
      iif(n % 3 = 0, 'billing', 'shop'), 'charge-card', 0, iif(n % 10 = 0, 'TIMEOUT', 'COMPLETED'),
      iif(n % 10 = 0, 'deadline', 'callback'), '{"text":"' || printf('%.*c', ${inputsChars}, 'x') || '"}', '{}',
      iif(n % 10 = 0, NULL, '{"n":' || n || ',"exact":12345678901234567890}'), iif(n % 10 = 0, '{"code":408}', NULL),
      ${moment}, ${moment}, replace(${moment}, '.000Z', printf('.%03dZ', n % 1000)), 0, 1, 30, 10, 0, 'print' FROM number;
    ${numbers} INSERT INTO audit_events (id, timestamp, event, action_id, correlation_id, app, detail, hash)
    SELECT n + 1, ${moment}, 'ACCEPTED', 'charge-card', 'order-' || n, iif(n % 3 = 0, 'billing', 'shop'), '{}', 'hash-' || n
      FROM number;
    COMMIT`);
  close();
  return path;
}
