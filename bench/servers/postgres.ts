// The obvious server build: Hono and a pool of 20 connections, each callback in a PostgreSQL transaction of its own.
// Arguments: a prepared database, the secret of the callback URLs, a folder for the cluster, which lives as long as this process.

import Database from 'better-sqlite3';
import { Hono } from 'hono';
import { Pool, type PoolClient } from 'pg';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { startCluster } from '../../src/demo/cluster/postgres-server.ts';
import { type Outcome, readOutcome } from './callback.ts';
import { serve } from './serve.ts';

const [, , preparedPath = '', secret = '', folder = ''] = process.argv;

const TABLES = `
  CREATE TABLE executions (
    reference text PRIMARY KEY,
    correlation_id text NOT NULL UNIQUE,
    app text NOT NULL,
    action_id text NOT NULL,
    execution_id text,
    status text NOT NULL,
    inputs text NOT NULL,
    context text NOT NULL,
    result text,
    error text,
    submitted_at timestamptz NOT NULL,
    resolved_at timestamptz
  );
  CREATE TABLE audit_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    event text NOT NULL,
    correlation_id text NOT NULL,
    execution_id text,
    detail text NOT NULL
  );
  CREATE INDEX audit_events_by_execution ON audit_events (correlation_id);`;

const COLUMNS = ['reference', 'correlation_id', 'app', 'action_id', 'execution_id', 'status', 'inputs', 'context'];
const FILL = `INSERT INTO executions (${COLUMNS.join(', ')}, submitted_at) SELECT * FROM unnest(${[
  ...COLUMNS,
  'submitted_at',
]
  .map((name, index) => `$${index + 1}::${name === 'submitted_at' ? 'timestamptz' : 'text'}[]`)
  .join(', ')})`;
const CHUNK = 10_000;

// Also stops a server that is still starting: whatever is running by then ends with this process.
let stop = () => Promise.resolve();
process.on('SIGTERM', () => void stop().finally(() => process.exit(0)));

const cluster = await startCluster(folder).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
const pool = new Pool({ ...cluster.connection, max: 20 });
await fill();

async function fill(): Promise<void> {
  await pool.query(TABLES);
  const prepared = new Database(preparedPath, { readonly: true });
  const rows = prepared
    .prepare<[], (string | null)[]>(`SELECT ${COLUMNS.join(', ')}, submitted_at FROM executions ORDER BY reference`)
    .raw();
  let chunk: (string | null)[][] = [];
  const flush = async () => {
    const columns = [...COLUMNS, 'submitted_at'].map((_, index) => chunk.map((row) => row[index] ?? null));
    await pool.query(FILL, columns);
    chunk = [];
  };
  for (const row of rows.iterate()) {
    chunk.push(row);
    if (chunk.length === CHUNK) await flush();
  }
  if (chunk.length > 0) await flush();
  prepared.close();
  await pool.query('VACUUM ANALYZE executions');
  await pool.query('CHECKPOINT');
}

const FIND = {
  name: 'find',
  text: 'SELECT correlation_id, execution_id, status FROM executions WHERE reference = $1 FOR UPDATE',
};
const RESOLVE = {
  name: 'resolve',
  text: 'UPDATE executions SET status = $1, result = $2, error = $3, resolved_at = $4 WHERE reference = $5',
};
const AUDIT = {
  name: 'audit',
  text: 'INSERT INTO audit_events (timestamp, event, correlation_id, execution_id, detail) VALUES ($1, $2, $3, $4, $5)',
};

interface Found {
  readonly correlation_id: string;
  readonly execution_id: string | null;
  readonly status: string;
}

type Result = 'unknown' | 'mismatch' | 'duplicate' | 'resolved';

async function write(client: PoolClient, reference: string, outcome: Outcome): Promise<Result> {
  const found = (await client.query<Found>({ ...FIND, values: [reference] })).rows[0];
  if (found === undefined) return 'unknown';
  const { correlation_id: id, execution_id: executionId } = found;
  if (outcome.executionId !== null && outcome.executionId !== executionId) return 'mismatch';
  const now = new Date().toISOString();
  const detail = JSON.stringify({ status: outcome.status });
  if (found.status !== 'PENDING') {
    await client.query({ ...AUDIT, values: [now, 'CALLBACK_DUPLICATE', id, executionId, detail] });
    return 'duplicate';
  }
  await client.query({ ...RESOLVE, values: [outcome.status, outcome.result, outcome.error, now, reference] });
  await client.query({ ...AUDIT, values: [now, 'CALLBACK_COMPLETED', id, executionId, detail] });
  return 'resolved';
}

async function record(reference: string, outcome: Outcome): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await write(client, reference, outcome);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

const urls = createSignedUrls('', [secret]);
const app = new Hono();
app.post(`${CALLBACK_PATH}/:token`, async (c) => {
  const reference = urls.verify(c.req.param('token'));
  if (reference === null) return c.json({ error: 'not found' }, 404);
  const outcome = readOutcome(await c.req.json().catch(() => null));
  if (outcome === null) return c.json({ error: 'invalid' }, 422);
  const result = await record(reference, outcome);
  if (result === 'unknown') return c.json({ error: 'not found' }, 404);
  return c.json({ outcome: result }, result === 'mismatch' ? 409 : 200);
});

process.on('message', async (message: object) => {
  if (!('count' in message)) return;
  const { rows } = await pool.query<{ resolved: number; audited: number }>(
    `SELECT (SELECT count(*)::int FROM executions WHERE resolved_at IS NOT NULL) AS resolved,
            (SELECT count(DISTINCT correlation_id)::int FROM audit_events) AS audited`,
  );
  process.send?.({ counted: rows[0], version: cluster.version });
});
process.channel?.unref();

stop = async () => {
  await pool.end();
  await cluster.stop();
};
await serve(app);
