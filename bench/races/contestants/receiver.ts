// The receiver in the races: submissions and waits as an app, callbacks as CXone, and the audit trail as an operator.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createSignedUrls } from '../../../src/callbacks/signed-url.ts';
import { APP_HEADERS, OPERATOR_HEADERS, type Receiver, SECRET, startReceiver } from '../../servers/receiver.ts';
import { type Answer, ask } from '../http.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Mapping, type Started } from '../races.ts';
import { until } from '../run.ts';
import { type Cxone, startCxone } from './cxone.ts';
import { startPostgres } from './postgres.ts';

const LARGE_BYTES = 40 * 1024 * 1024;
/** The shortest polling window that a submission may have. */
const TIMEOUT_SECONDS = 5;

/** The database of the receiver. */
export interface Storage {
  readonly name: string;
  /** Returns the variables that choose the database, and its version. */
  prepare(ground: Ground): Promise<{ env: Readonly<Record<string, string>>; version: string; stop(): Promise<void> }>;
}

export const SQLITE: Storage = {
  name: 'SQLite',
  prepare: async ({ scratch }) => ({
    env: { DATABASE_PATH: join(scratch, 'receiver.db') },
    version: sqliteVersion(),
    stop: async () => {},
  }),
};

export const POSTGRES: Storage = {
  name: 'PostgreSQL',
  prepare: async ({ scratch }) => {
    const { url, version, stop } = await startPostgres(scratch);
    return { env: { DATABASE_PATH: '', DATABASE_URL: url }, version, stop };
  },
};

function sqliteVersion(): string {
  const client = new Database(':memory:');
  try {
    return `SQLite ${client.prepare('SELECT sqlite_version()').pluck().get()}`;
  } finally {
    client.close();
  }
}

const MAPPING: Mapping = {
  execution: 'an execution, submitted over HTTP',
  sender: 'posts to the signed callback URL',
  waiter: '`GET /v1/executions/{id}` with `Prefer: wait`',
  operator: 'the audit trail of the execution, without polls that brought nothing',
};

export function receiverOn(storage: Storage): Contestant {
  return { name: `receiver on ${storage.name}`, mapping: MAPPING, start: (ground) => startOn(storage, ground) };
}

async function startOn(storage: Storage, ground: Ground): Promise<Started> {
  const { env, version, stop } = await storage.prepare(ground);
  const cxone = await startCxone();
  const start: Parts['start'] = (more) =>
    startReceiver({
      ...{ name: 'receiver', databasePath: '', scratch: ground.scratch, place: null, upstream: cxone.url },
      // A refused connection is polled again soon after a start.
      env: { ...env, POLL_INTERVAL_SECONDS: '0.5', ...more },
    });
  const parts: Parts = { cxone, start, receiver: await start() };
  return {
    versions: `0.1.0 on ${version}, Node ${process.versions.node}`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, 'duplicate', [COMPLETED, COMPLETED]),
      conflict: () => twice(parts, 'conflict', [COMPLETED, FAILED]),
      late: () => late(parts),
      cancelled: () => cancelled(parts),
      unknown: () => unknown(parts),
      downtime: () => downtime(parts),
      crash: () => crash(parts),
      key: () => key(parts),
      numbers: () => numbers(parts),
      large: () => large(parts),
      lost: () => lost(parts),
    },
    stop: async () => {
      await parts.receiver.stop();
      await cxone.stop();
      await stop();
    },
  };
}

interface Parts {
  readonly cxone: Cxone;
  readonly start: (more?: Readonly<Record<string, string>>) => Promise<Receiver>;
  receiver: Receiver;
}

const COMPLETED = '{"status":"COMPLETED","result":{"n":1}}';
const FAILED = '{"status":"FAILED","error":{"reason":"declined"}}';

const urlOf = ({ receiver }: Parts, path: string) => `http://127.0.0.1:${receiver.port}${path}`;

function post(parts: Parts, path: string, body: unknown, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const headers = { ...APP_HEADERS, 'content-type': 'application/json', ...more };
  return ask(urlOf(parts, path), { headers, body: JSON.stringify(body) });
}

/** Submits an execution; resolves with its callback path when CXone has received it. */
async function dispatched(parts: Parts, correlationId: string, more: object = {}): Promise<string> {
  const body = { actionId: 'charge', correlationId, ...more };
  const { status, text } = await post(parts, '/v1/executions', body);
  if (status !== 202) throw new Error(`the submission got ${status}: ${text}`);
  return parts.cxone.received(correlationId);
}

/** The same, after CXone's response. */
async function submit(parts: Parts, correlationId: string, more: object = {}): Promise<string> {
  const path = await dispatched(parts, correlationId, more);
  await trail(parts, correlationId, 'SUBMITTED');
  return path;
}

async function callBack(parts: Parts, path: string, body: string): Promise<string> {
  const { status, text } = await ask(urlOf(parts, path), { headers: { 'content-type': 'application/json' }, body });
  if (status === 0) return code(text);
  const { outcome } = JSON.parse(text);
  return outcome === undefined ? String(status) : `${status} ${code(outcome)}`;
}

/** The execution as text, so that its numbers stay as they are. */
async function executionText(parts: Parts, id: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { status, text } = await ask(urlOf(parts, `/v1/executions/${id}`), {
    method: 'GET',
    headers: { ...APP_HEADERS, ...more },
  });
  if (status !== 200) throw new Error(`the execution got ${status}: ${text}`);
  return text;
}

/** Waits for the end of an execution: its status, with its result or error. */
async function outcome(parts: Parts, id: string): Promise<string> {
  return until(`the end of ${id}`, async () => {
    const text = await executionText(parts, id, { prefer: 'wait=60' });
    const { status, error, resolvedAt } = JSON.parse(text);
    if (resolvedAt === null) return null;
    const result = /"result":(.*?),"error":/s.exec(text)?.[1] ?? 'null';
    if (result.length > LARGE_BYTES) return `${code(status)}, all of it`;
    return `${code(status)} ${result === 'null' ? code(error) : code(result)}`;
  });
}

/** The events of an execution, each once, after the given one is among them. The number of polls that bring nothing depends on chance. */
async function trail(parts: Parts, id: string, awaited: string): Promise<string> {
  return until(`${awaited} in the trail of ${id}`, async () => {
    const { text } = await ask(urlOf(parts, `/v1/executions/${id}/audit`), {
      method: 'GET',
      headers: OPERATOR_HEADERS,
    });
    const events = (JSON.parse(text) as { items: { event: string }[] }).items.map(({ event }) => event);
    const telling = events.filter((event) => event !== 'POLL_PROGRESS' && event !== 'POLL_ERROR');
    return events.includes(awaited) ? [...new Set(telling)].map(code).join(', ') : null;
  });
}

async function early(parts: Parts): Promise<Cells> {
  const respond = parts.cxone.hold('early');
  const path = await dispatched(parts, 'early');
  const sender = await callBack(parts, path, COMPLETED);
  respond();
  return { sender, waiter: await outcome(parts, 'early'), operator: await trail(parts, 'early', 'SUBMITTED') };
}

async function twice(parts: Parts, id: string, [first, second]: readonly [string, string]): Promise<Cells> {
  const path = await submit(parts, id);
  const sender = inOrder(await callBack(parts, path, first), await callBack(parts, path, second));
  return { sender, waiter: await outcome(parts, id), operator: await trail(parts, id, 'CALLBACK_COMPLETED') };
}

/** The late result as the waiter finds it. */
async function lateResult(parts: Parts, id: string): Promise<string> {
  const { lateResult: found } = JSON.parse(await executionText(parts, id));
  return `${code('lateResult')} ${code({ status: found.status, result: found.result })}`;
}

async function late(parts: Parts): Promise<Cells> {
  const path = await submit(parts, 'late', { graceSeconds: 0, timeoutSeconds: TIMEOUT_SECONDS });
  const ended = await outcome(parts, 'late');
  const sender = await callBack(parts, path, COMPLETED);
  const waiter = inOrder(ended, await lateResult(parts, 'late'));
  return { sender, waiter, operator: await trail(parts, 'late', 'CALLBACK_LATE') };
}

async function cancelled(parts: Parts): Promise<Cells> {
  const path = await submit(parts, 'cancelled');
  await post(parts, '/v1/executions/cancelled/cancel', {});
  const ended = await outcome(parts, 'cancelled');
  const sender = await callBack(parts, path, COMPLETED);
  const waiter = inOrder(ended, await lateResult(parts, 'cancelled'));
  return { sender, waiter, operator: await trail(parts, 'cancelled', 'CALLBACK_LATE') };
}

async function unknown(parts: Parts): Promise<Cells> {
  const absent = createSignedUrls('', [SECRET]).mint(randomUUID());
  const altered = absent.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  const sender = `${await callBack(parts, absent, COMPLETED)} for a signed URL of no execution, ${await callBack(parts, altered, COMPLETED)} for an altered one`;
  const { text } = await ask(urlOf(parts, '/metrics'), { method: 'GET', headers: OPERATOR_HEADERS });
  const counts = ['unknown-execution', 'bad-signature'].map((why) => {
    const count = new RegExp(`^cxone_receiver_callbacks_total\\{outcome="${why}"\\} (\\d+)$`, 'm').exec(text)?.[1];
    return `${code(why)} ${count}`;
  });
  return { sender, waiter: 'no execution is affected', operator: `counted in the metrics: ${counts.join(', ')}` };
}

async function downtime(parts: Parts): Promise<Cells> {
  const path = await submit(parts, 'downtime', { graceSeconds: 0, timeoutSeconds: TIMEOUT_SECONDS });
  const { deadline } = JSON.parse(await executionText(parts, 'downtime'));
  await parts.receiver.stop();
  const during = await callBack(parts, path, COMPLETED);
  parts.cxone.finish('downtime', COMPLETED);
  await sleep(Math.max(0, Date.parse(deadline) + 500 - Date.now()));
  parts.receiver = await parts.start();
  const waiter = await outcome(parts, 'downtime');
  const sender = `${during} during the downtime, ${await callBack(parts, path, COMPLETED)} after it`;
  return { sender, waiter, operator: await trail(parts, 'downtime', 'CALLBACK_DUPLICATE') };
}

async function crash(parts: Parts): Promise<Cells> {
  const path = await submit(parts, 'crash');
  const before = await callBack(parts, path, COMPLETED);
  await parts.receiver.kill();
  parts.receiver = await parts.start();
  const waiter = await outcome(parts, 'crash');
  const sender = inOrder(before, `${await callBack(parts, path, COMPLETED)} after the restart`);
  return { sender, waiter, operator: await trail(parts, 'crash', 'CALLBACK_DUPLICATE') };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  const submitting = (amount: number) =>
    post(parts, '/v1/executions', { actionId: 'charge', inputs: { amount } }, { 'idempotency-key': '"order-4711"' });
  const [first, second, repeat] = [await submitting(1), await submitting(2), await submitting(1)];
  const { correlationId } = JSON.parse(first.text);
  const path = await parts.cxone.received(correlationId);
  await trail(parts, correlationId, 'SUBMITTED');
  await callBack(parts, path, COMPLETED);
  const { type } = JSON.parse(second.text);
  return {
    sender: `${first.status}, then ${second.status} ${code(type.split(':').at(-1))} for the other body, ${repeat.status} with the first execution for the first body`,
    waiter: await outcome(parts, correlationId),
    operator: await trail(parts, correlationId, 'CALLBACK_COMPLETED'),
  };
}

async function numbers(parts: Parts): Promise<Cells> {
  const path = await submit(parts, 'numbers');
  const body = `{"status":"COMPLETED","result":{"big":9007199254740993,"zero":-0,"one":1.0}}`;
  const sender = await callBack(parts, path, body);
  return { sender, waiter: await outcome(parts, 'numbers'), operator: await trail(parts, 'numbers', 'SUBMITTED') };
}

/** Once with the default limit of a result, and once with the largest. */
async function large(parts: Parts): Promise<Cells> {
  const body = JSON.stringify({ status: 'COMPLETED', result: 'x'.repeat(LARGE_BYTES) });
  const path = await submit(parts, 'large');
  const sender = await callBack(parts, path, body);
  const waiter = await outcome(parts, 'large');
  const operator = await trail(parts, 'large', 'SUBMITTED');
  await parts.receiver.stop();
  parts.receiver = await parts.start({ MAX_RESULT_BYTES: '67108864' });
  const larger = await submit(parts, 'larger');
  parts.cxone.finish('larger', body);
  const second = await callBack(parts, larger, body);
  const configured = 'with `MAX_RESULT_BYTES` of 64 MiB';
  return {
    sender: `${sender}; ${second} ${configured}`,
    waiter: `${waiter}; ${await outcome(parts, 'larger')} ${configured}`,
    operator: `${operator}; ${await trail(parts, 'larger', 'POLL_COMPLETED')} ${configured}`,
  };
}

async function lost(parts: Parts): Promise<Cells> {
  parts.cxone.finish('lost', COMPLETED);
  await submit(parts, 'lost', { graceSeconds: 0 });
  const waiter = await outcome(parts, 'lost');
  return { sender: 'sends nothing', waiter, operator: await trail(parts, 'lost', 'POLL_COMPLETED') };
}
