// The obvious build: Hono and better-sqlite3, each callback in a durable transaction of its own, written well.
// Arguments: the database from `createObviousTables`, the secret of the callback URLs.

import Database from 'better-sqlite3';
import { Hono } from 'hono';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { type Outcome, readOutcome } from './callback.ts';
import { serve } from './serve.ts';

const [, , path = '', secret = ''] = process.argv;
const db = new Database(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
const urls = createSignedUrls('', [secret]);

interface Found {
  readonly correlationId: string;
  readonly executionId: string | null;
  readonly status: string;
}

const find = db.prepare<[string], Found>(
  'SELECT correlation_id AS correlationId, execution_id AS executionId, status FROM executions WHERE reference = ?',
);
const resolve = db.prepare(
  'UPDATE executions SET status = ?, result = ?, error = ?, resolved_at = ? WHERE reference = ?',
);
const audit = db.prepare(
  'INSERT INTO audit_events (timestamp, event, correlation_id, execution_id, detail) VALUES (?, ?, ?, ?, ?)',
);

const record = db.transaction((reference: string, outcome: Outcome) => {
  const found = find.get(reference);
  if (found === undefined) return 'unknown';
  const { correlationId, executionId } = found;
  if (outcome.executionId !== null && outcome.executionId !== executionId) return 'mismatch';
  const now = new Date().toISOString();
  const detail = JSON.stringify({ status: outcome.status });
  if (found.status !== 'PENDING') {
    audit.run(now, 'CALLBACK_DUPLICATE', correlationId, executionId, detail);
    return 'duplicate';
  }
  resolve.run(outcome.status, outcome.result, outcome.error, now, reference);
  audit.run(now, 'CALLBACK_COMPLETED', correlationId, executionId, detail);
  return 'resolved';
});

const app = new Hono();
app.post(`${CALLBACK_PATH}/:token`, async (c) => {
  const reference = urls.verify(c.req.param('token'));
  if (reference === null) return c.json({ error: 'not found' }, 404);
  const outcome = readOutcome(await c.req.json().catch(() => null));
  if (outcome === null) return c.json({ error: 'invalid' }, 422);
  const result = record.immediate(reference, outcome);
  if (result === 'unknown') return c.json({ error: 'not found' }, 404);
  return c.json({ outcome: result }, result === 'mismatch' ? 409 : 200);
});
await serve(app);
process.on('SIGTERM', () => {
  db.close();
  process.exit(0);
});
