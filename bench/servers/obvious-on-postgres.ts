// The obvious build on PostgreSQL, without its server: a pool of 20 connections, and each change in a transaction of its own.

import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';
import { Client, Pool, type PoolClient } from 'pg';
import type { Outcome } from './callback.ts';

const POOL = 20;

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

/** Makes the tables in an empty database, with the executions of a prepared one. */
export async function fillObvious(url: string, preparedPath: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const prepared = new Database(preparedPath, { readonly: true });
  try {
    await client.query(TABLES);
    const rows = prepared
      .prepare<[], (string | null)[]>(`SELECT ${COLUMNS.join(', ')}, submitted_at FROM executions ORDER BY reference`)
      .raw();
    let chunk: (string | null)[][] = [];
    const flush = async () => {
      const columns = [...COLUMNS, 'submitted_at'].map((_, index) => chunk.map((row) => row[index] ?? null));
      await client.query(FILL, columns);
      chunk = [];
    };
    for (const row of rows.iterate()) {
      chunk.push(row);
      if (chunk.length === CHUNK) await flush();
    }
    if (chunk.length > 0) await flush();
    await client.query('VACUUM ANALYZE executions');
    await client.query('CHECKPOINT');
  } finally {
    prepared.close();
    await client.end();
  }
}

const FIND = {
  name: 'find',
  text: 'SELECT correlation_id, execution_id, status FROM executions WHERE reference = $1 FOR UPDATE',
};
const RESOLVE = {
  name: 'resolve',
  text: 'UPDATE executions SET status = $1, result = $2, error = $3, resolved_at = $4 WHERE reference = $5',
};
const ACCEPT = {
  name: 'accept',
  text: `INSERT INTO executions (reference, correlation_id, app, action_id, status, inputs, context, submitted_at)
    VALUES ($1, $1, $2, $3, 'QUEUED', $4, $5, $6)`,
};
const AUDIT = {
  name: 'audit',
  text: 'INSERT INTO audit_events (timestamp, event, correlation_id, execution_id, detail) VALUES ($1, $2, $3, $4, $5)',
};
const COUNT = `SELECT (SELECT count(*)::int FROM executions) AS accepted,
  (SELECT count(*)::int FROM executions WHERE resolved_at IS NOT NULL) AS resolved,
  (SELECT count(DISTINCT correlation_id)::int FROM audit_events) AS audited`;

interface Found {
  readonly correlation_id: string;
  readonly execution_id: string | null;
  readonly status: string;
}

type Recorded = 'unknown' | 'mismatch' | 'duplicate' | 'resolved';

export interface SubmittedRequest {
  readonly app: string;
  readonly actionId: string;
  /** JSON. */
  readonly inputs: string;
  readonly context: string;
}

export interface ObviousStore {
  record(reference: string, outcome: Outcome): Promise<Recorded>;
  /** Returns the correlation id. */
  submit(submission: SubmittedRequest): Promise<string>;
  count(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

export function openObviousStore(url: string): ObviousStore {
  const pool = new Pool({ connectionString: url, max: POOL });

  async function inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      throw error;
    } finally {
      client.release();
    }
  }

  return {
    record: (reference, outcome) => inTransaction((client) => resolve(client, reference, outcome)),
    submit: (submission) => inTransaction((client) => accept(client, submission)),
    count: async () => (await pool.query<Record<string, number>>(COUNT)).rows[0] ?? {},
    close: () => pool.end(),
  };
}

async function resolve(client: PoolClient, reference: string, outcome: Outcome): Promise<Recorded> {
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

async function accept(client: PoolClient, { app, actionId, inputs, context }: SubmittedRequest): Promise<string> {
  const id = randomUUID();
  const now = new Date().toISOString();
  await client.query({ ...ACCEPT, values: [id, app, actionId, inputs, context, now] });
  await client.query({ ...AUDIT, values: [now, 'ACCEPTED', id, null, '{}'] });
  return id;
}
