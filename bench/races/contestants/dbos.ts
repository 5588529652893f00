// DBOS in the races: a workflow waits for a message, which the sender writes with DBOS's client.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { type Process, startProcess } from '../../process.ts';
import { install, load, moduleOf } from '../packages.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Started } from '../races.ts';
import { until } from '../run.ts';
import { type Launched, WAIT, type WaitInput } from './dbos-wait.ts';
import { type Postgres, startPostgres } from './postgres.ts';

const VERSION = '5.3.0';
const NAME = '@dbos-inc/dbos-sdk';
const APP = fileURLToPath(new URL('dbos-app.ts', import.meta.url));
const LARGE_BYTES = 40 * 1024 * 1024;
/** For workflows whose time does not matter. */
const LONG_SECONDS = 600;

/** The used part of the package. */
interface Package {
  readonly DBOSClient: { create(options: { systemDatabaseUrl: string; applicationName: string }): Promise<Client> };
}
interface Client {
  enqueue(options: EnqueueOptions, input: WaitInput): Promise<unknown>;
  send(workflow: string, message: unknown, topic: string, key?: string): Promise<void>;
  retrieveWorkflow(workflow: string): { getResult(): Promise<unknown> };
  getWorkflow(workflow: string): Promise<{ input?: unknown } | undefined>;
  cancelWorkflow(workflow: string): Promise<void>;
  resumeWorkflow(workflow: string): Promise<unknown>;
  destroy(): Promise<void>;
}
interface EnqueueOptions {
  readonly queueName: string;
  readonly workflowName: string;
  readonly workflowID: string;
  readonly appVersion: string;
  readonly delaySeconds?: number;
}

export const DBOS: Contestant = {
  name: 'DBOS',
  mapping: {
    execution: 'a workflow that waits in `recv`',
    sender: '`DBOSClient.send(id, message, topic)`',
    waiter: '`getResult()` of the workflow',
    operator: 'the rows in `dbos.workflow_status` and `dbos.notifications`',
  },
  start,
};

interface Parts {
  readonly postgres: Postgres;
  readonly client: Client;
  readonly startApp: () => Promise<Process>;
  app: Process;
}

async function start({ scratch, packages }: Ground): Promise<Started> {
  await install(packages, [`${NAME}@${VERSION}`]);
  const { DBOSClient } = await load<Package>(packages, NAME);
  const module = await moduleOf(packages, NAME);
  const postgres = await startPostgres(scratch);
  const startApp = async () => {
    const logFile = join(scratch, 'app.log');
    const app = startProcess({ file: APP, args: [module, postgres.url], place: null, logFile, cwd: scratch });
    await app.message((message): message is Launched => 'launched' in message);
    return app;
  };
  const app = await startApp();
  const client = await DBOSClient.create({ systemDatabaseUrl: postgres.url, applicationName: WAIT.app });
  const parts: Parts = { postgres, client, startApp, app };
  return {
    versions: `${VERSION} on ${postgres.version}`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, 'duplicate', [RESULT, RESULT]),
      conflict: () => twice(parts, 'conflict', [RESULT, { reason: 'declined' }]),
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
      await client.destroy();
      await parts.app.stop();
      await postgres.stop();
    },
  };
}

const RESULT = { n: 1 };

async function enqueue({ client }: Parts, id: string, timeoutSeconds: number, delaySeconds?: number): Promise<void> {
  const { queue: queueName, workflow: workflowName, version: appVersion } = WAIT;
  const delay = delaySeconds === undefined ? {} : { delaySeconds };
  await client.enqueue({ queueName, workflowName, workflowID: id, appVersion, ...delay }, { timeoutSeconds });
}

/** Starts a workflow, and waits until its time has begun: the first thing that `recv` records is its end. */
async function waiting(parts: Parts, id: string, timeoutSeconds = LONG_SECONDS): Promise<void> {
  await enqueue(parts, id, timeoutSeconds);
  await until('a workflow that waits', async () => {
    const sql = 'SELECT 1 FROM dbos.operation_outputs WHERE workflow_uuid = $1';
    return (await parts.postgres.query(sql, [id])).length > 0 ? true : null;
  });
}

function thrown(error: Error): string {
  return `throws ${code(`${error.constructor.name}: ${error.message.split('\n')[0]}`)}`;
}

async function response(call: Promise<unknown>): Promise<string> {
  return call.then(() => 'accepted', thrown);
}

const send = ({ client }: Parts, id: string, message: unknown = RESULT, idempotencyKey?: string) =>
  response(client.send(id, message, WAIT.topic, idempotencyKey));

async function outcome({ client }: Parts, id: string): Promise<string> {
  return client
    .retrieveWorkflow(id)
    .getResult()
    .then((value) => code(inspect(value, { breakLength: Number.POSITIVE_INFINITY })), thrown);
}

async function rows({ postgres }: Parts, id: string): Promise<string> {
  const [found] = await postgres.query('SELECT status FROM dbos.workflow_status WHERE workflow_uuid = $1', [id]);
  const [messages] = await postgres.query(
    'SELECT count(*) FILTER (WHERE consumed) AS consumed, count(*) FILTER (WHERE NOT consumed) AS kept FROM dbos.notifications WHERE destination_uuid = $1',
    [id],
  );
  const status = found === undefined ? 'no workflow' : code(found['status']);
  return `${status}; messages: ${messages?.['consumed']} consumed, ${messages?.['kept']} not`;
}

async function seen(parts: Parts, id: string): Promise<Pick<Cells, 'waiter' | 'operator'>> {
  return { waiter: await outcome(parts, id), operator: await rows(parts, id) };
}

/** The workflow exists and has not begun. */
async function early(parts: Parts): Promise<Cells> {
  await enqueue(parts, 'early', LONG_SECONDS, 1);
  const sender = await send(parts, 'early');
  return { sender, ...(await seen(parts, 'early')) };
}

async function twice(parts: Parts, id: string, [first, second]: readonly [object, object]): Promise<Cells> {
  const cells: Cells[] = [];
  for (const idempotencyKey of [undefined, 'the same']) {
    const workflow = `${id}-${cells.length}`;
    await waiting(parts, workflow);
    const sender = inOrder(
      await send(parts, workflow, first, idempotencyKey),
      await send(parts, workflow, second, idempotencyKey),
    );
    cells.push({ sender, ...(await seen(parts, workflow)) });
  }
  const both = (side: keyof Cells) => `${cells[0]?.[side]}; ${cells[1]?.[side]} with one idempotency key for both`;
  return { sender: both('sender'), waiter: both('waiter'), operator: both('operator') };
}

async function late(parts: Parts): Promise<Cells> {
  await waiting(parts, 'late', 1);
  const waiter = await outcome(parts, 'late');
  return { sender: await send(parts, 'late'), waiter, operator: await rows(parts, 'late') };
}

async function cancelled(parts: Parts): Promise<Cells> {
  await waiting(parts, 'cancelled');
  await parts.client.cancelWorkflow('cancelled');
  const ended = await outcome(parts, 'cancelled');
  const sender = await send(parts, 'cancelled');
  const kept = await rows(parts, 'cancelled');
  await parts.client.resumeWorkflow('cancelled');
  const { waiter, operator } = await seen(parts, 'cancelled');
  const resumed = `after ${code('resumeWorkflow')}`;
  return { sender, waiter: `${ended}; ${waiter} ${resumed}`, operator: `${kept}; ${operator} ${resumed}` };
}

async function unknown(parts: Parts): Promise<Cells> {
  const sender = await send(parts, 'no-such-workflow');
  return { sender, waiter: 'no workflow is affected', operator: await rows(parts, 'no-such-workflow') };
}

/** The sender writes to the database, which is up: only the app is down. */
async function downtime(parts: Parts): Promise<Cells> {
  await waiting(parts, 'downtime', 1);
  await parts.app.kill();
  await sleep(1500);
  const sender = `${await send(parts, 'downtime')} during the downtime, after the deadline`;
  parts.app = await parts.startApp();
  return { sender, ...(await seen(parts, 'downtime')) };
}

/** Kills the app and PostgreSQL. */
async function crash(parts: Parts): Promise<Cells> {
  await waiting(parts, 'crash');
  const sender = await send(parts, 'crash');
  await parts.app.kill();
  await parts.postgres.killAndRecover();
  parts.app = await parts.startApp();
  return { sender, ...(await seen(parts, 'crash')) };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  await waiting(parts, 'key');
  const sender = `${await response(enqueue(parts, 'key', 1))} with the same workflow id`;
  await send(parts, 'key');
  const { waiter, operator } = await seen(parts, 'key');
  const workflow = await parts.client.getWorkflow('key');
  return { sender, waiter, operator: `${operator}; input ${code(workflow?.input)}` };
}

async function numbers(parts: Parts): Promise<Cells> {
  await waiting(parts, 'numbers');
  const parsed = await send(parts, 'numbers', JSON.parse('{"big":9007199254740993,"zero":-0,"one":1.0}'));
  await waiting(parts, 'bigint');
  const big = await send(parts, 'bigint', { big: 2n ** 53n + 1n });
  const { waiter, operator } = await seen(parts, 'numbers');
  const sender = `${parsed} for the parsed values; ${big} for a ${code('bigint')}`;
  return { sender, waiter: `${waiter}; ${await outcome(parts, 'bigint')}`, operator };
}

async function large(parts: Parts): Promise<Cells> {
  await waiting(parts, 'large');
  const sender = await send(parts, 'large', 'x'.repeat(LARGE_BYTES));
  const result = await parts.client.retrieveWorkflow('large').getResult();
  const isWhole = typeof result === 'string' && result.length === LARGE_BYTES;
  return { sender, waiter: isWhole ? 'all of it' : 'another value', operator: await rows(parts, 'large') };
}

async function lost(parts: Parts): Promise<Cells> {
  await waiting(parts, 'lost', 1);
  return { sender: 'sends nothing', ...(await seen(parts, 'lost')) };
}
