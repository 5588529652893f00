// graphile-worker in the races: a job's task runs, as while CXone works, and the completion is reported from outside.

import { install, load } from '../packages.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Outcome, type Started } from '../races.ts';
import { until } from '../run.ts';
import { type Postgres, startPostgres } from './postgres.ts';

const VERSION = '0.18.0';
const TASK = 'charge';
const LARGE_BYTES = 40 * 1024 * 1024;

/** The used part of the package. */
interface Package {
  run(options: Options & RunnerOptions): Promise<Runner>;
  makeWorkerUtils(options: Options): Promise<Utils>;
  Logger: new (factory: () => () => void) => object;
}
interface Options {
  readonly connectionString: string;
  readonly logger: object;
}
interface RunnerOptions {
  readonly taskList: Readonly<Record<string, (payload: Payload) => Promise<void>>>;
  readonly concurrency: number;
  readonly pollInterval: number;
  readonly noHandleSignals: boolean;
}
interface Payload {
  readonly name: string;
  readonly result?: unknown;
}
interface Runner {
  stop(): Promise<void>;
}
interface Utils {
  migrate(): Promise<void>;
  addJob(task: string, payload: object, spec?: object): Promise<{ id: string; payload: unknown }>;
  completeJobs(ids: readonly string[]): Promise<readonly unknown[]>;
  permanentlyFailJobs(ids: readonly string[], reason: string): Promise<readonly unknown[]>;
  release(): Promise<void>;
}

export const GRAPHILE_WORKER: Contestant = {
  name: 'graphile-worker',
  mapping: {
    execution: 'a job whose task runs; for *numbers* and *40 MiB* a job that carries the result to its task',
    sender: '`completeJobs([id])`',
    waiter: 'no result is kept: whether the job is still there',
    operator: 'the row in `graphile_worker._private_jobs`',
  },
  start,
};

/** A running task ends when its gate is opened, or fails when it is rejected. */
interface Gate {
  readonly started: PromiseWithResolvers<Payload>;
  readonly ended: PromiseWithResolvers<void>;
}

interface Parts {
  readonly postgres: Postgres;
  readonly utils: Utils;
  readonly gateOf: (name: string) => Gate;
}

async function start({ scratch, packages }: Ground): Promise<Started> {
  await install(packages, [`graphile-worker@${VERSION}`]);
  const { run, makeWorkerUtils, Logger } = await load<Package>(packages, 'graphile-worker');
  const postgres = await startPostgres(scratch);
  const options = { connectionString: postgres.url, logger: new Logger(() => () => {}) };
  const utils = await makeWorkerUtils(options);
  await utils.migrate();
  const gates = new Map<string, Gate>();
  const gateOf = (name: string): Gate => {
    const gate = gates.get(name) ?? { started: Promise.withResolvers(), ended: Promise.withResolvers() };
    gates.set(name, gate);
    return gate;
  };
  const task = (payload: Payload): Promise<void> => {
    const { started, ended } = gateOf(payload.name);
    started.resolve(payload);
    return ended.promise;
  };
  const taskList = { [TASK]: task };
  const runner = await run({ ...options, taskList, concurrency: 4, pollInterval: 100, noHandleSignals: true });
  const parts: Parts = { postgres, utils, gateOf };
  const noDeadline = async () => ({ notMeasured: 'a job has no deadline, its task runs until it returns' });
  return {
    versions: `${VERSION} on ${postgres.version}`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, 'duplicate', (id) => completing(parts, id)),
      conflict: () => twice(parts, 'conflict', (id) => failing(parts, id)),
      late: () => late(parts),
      cancelled: () => cancelled(parts),
      unknown: async () => ({ sender: await completing(parts, '999999'), ...(await seen(parts, '999999')) }),
      downtime: noDeadline,
      crash: () => crash(parts),
      key: () => key(parts),
      numbers: () => numbers(parts),
      large: () => large(parts),
      lost: noDeadline,
    },
    stop: async () => {
      await runner.stop();
      await utils.release();
      await postgres.stop();
    },
  };
}

/** Adds a job and waits until its task runs. */
async function running({ utils, gateOf }: Parts, name: string, spec: object = {}): Promise<string> {
  const { id } = await utils.addJob(TASK, { name }, spec);
  await gateOf(name).started.promise;
  return id;
}

const HOUR_MS = 3_600_000;

/** Adds a job whose time has not come. */
const waiting = async ({ utils }: Parts, name: string, spec: object = {}): Promise<string> =>
  (await utils.addJob(TASK, { name }, { runAt: new Date(Date.now() + HOUR_MS), ...spec })).id;

function jobs(list: readonly unknown[]): string {
  return list.length === 1 ? '1 job' : `${list.length} jobs`;
}

const completing = async ({ utils }: Parts, id: string) => jobs(await utils.completeJobs([id]));
const failing = async ({ utils }: Parts, id: string) => jobs(await utils.permanentlyFailJobs([id], 'declined'));

async function row({ postgres }: Parts, id: string): Promise<string> {
  const sql = `SELECT attempts, max_attempts, last_error, key, locked_by FROM graphile_worker._private_jobs WHERE id = $1`;
  const [found] = await postgres.query(sql, [id]);
  if (found === undefined) return 'no row';
  const { attempts, max_attempts, last_error, key: jobKey, locked_by } = found;
  const named = jobKey === null ? '' : `, key ${code(jobKey)}`;
  const failed = last_error === null ? '' : `, last error ${code(last_error?.split('\n')[0])}`;
  return `${locked_by === null ? 'not locked' : 'locked'}, attempt ${attempts} of ${max_attempts}${named}${failed}`;
}

async function seen(parts: Parts, id: string): Promise<Pick<Cells, 'waiter' | 'operator'>> {
  const operator = await row(parts, id);
  return { waiter: operator === 'no row' ? 'no job' : 'the job is still there', operator };
}

/** Ends the task of a job, and waits until the worker has recorded that. */
async function ended(parts: Parts, name: string, id: string, failure?: Error): Promise<string> {
  const gate = parts.gateOf(name).ended;
  if (failure === undefined) gate.resolve();
  else gate.reject(failure);
  return until(`the end of the job ${name}`, async () => {
    const text = await row(parts, id);
    return text.startsWith('locked') ? null : text;
  });
}

async function early(parts: Parts): Promise<Cells> {
  const id = await waiting(parts, 'early');
  return { sender: `${await completing(parts, id)} before its task runs: it is deleted`, ...(await seen(parts, id)) };
}

async function twice(parts: Parts, name: string, again: (id: string) => Promise<string>): Promise<Cells> {
  const id = await running(parts, name);
  const sender = inOrder(await completing(parts, id), await again(id));
  const cells = { sender, ...(await seen(parts, id)) };
  return { ...cells, operator: inOrder(cells.operator, `${await ended(parts, name, id)} after its task`) };
}

/** A job that has used all its attempts. */
async function late(parts: Parts): Promise<Cells> {
  const id = await running(parts, 'late', { maxAttempts: 1 });
  const before = await ended(parts, 'late', id, new Error('timed out'));
  const sender = `${await completing(parts, id)} for a job whose attempts have failed`;
  const { waiter, operator } = await seen(parts, id);
  return { sender, waiter, operator: inOrder(before, operator) };
}

async function cancelled(parts: Parts): Promise<Cells> {
  const id = await running(parts, 'cancelled', { jobKey: 'order-1' });
  await parts.postgres.query('SELECT graphile_worker.remove_job($1)', ['order-1']);
  const sender = await completing(parts, id);
  const { waiter, operator } = await seen(parts, id);
  const after = await ended(parts, 'cancelled', id);
  return { sender, waiter, operator: inOrder(operator, `${after} after its task`) };
}

async function crash(parts: Parts): Promise<Cells> {
  const id = await waiting(parts, 'crash');
  const before = await completing(parts, id);
  await parts.postgres.killAndRecover();
  return { sender: `${before} before its task runs`, ...(await seen(parts, id)) };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  const { utils, gateOf } = parts;
  const queued = { jobKey: 'order-2', runAt: new Date(Date.now() + HOUR_MS) };
  const first = await utils.addJob(TASK, { name: 'key', amount: 1 }, queued);
  const replaced = await utils.addJob(TASK, { name: 'key', amount: 2 }, queued);
  await completing(parts, first.id);
  const id = await running(parts, 'key-running', { jobKey: 'order-3' });
  const same = await utils.addJob(TASK, { name: 'key-other' }, { jobKey: 'order-3' });
  const unsafe = { jobKey: 'order-3', jobKeyMode: 'unsafe_dedupe' };
  const other = await gateOf('key-other').started.promise;
  const deduplicated = await utils.addJob(TASK, { name: 'key-third' }, unsafe);
  const sender =
    `while queued ${replaced.id === first.id ? 'the same job' : 'another job'}, its payload replaced; ` +
    `while running ${same.id === id ? 'the same job' : 'a second job'}; with ${code('unsafe_dedupe')} the job with ${code(deduplicated.payload)}`;
  const operator = await row(parts, same.id);
  await ended(parts, 'key-running', id);
  await ended(parts, 'key-other', same.id);
  return { sender, waiter: `the second task runs, too, with ${code(other)}`, operator };
}

async function numbers(parts: Parts): Promise<Cells> {
  const { utils, gateOf } = parts;
  const big = await utils.addJob(TASK, { name: 'big', result: 2n ** 53n + 1n }).then(
    () => 'accepted',
    (error: Error) => `throws ${code(error.message.split('\n')[0])}`,
  );
  const result = JSON.parse('{"big":9007199254740993,"zero":-0,"one":1.0}');
  const { id } = await utils.addJob(TASK, { name: 'numbers', result });
  const received = await gateOf('numbers').started.promise;
  const [found] = await parts.postgres.query('SELECT payload FROM graphile_worker._private_jobs WHERE id = $1', [id]);
  await ended(parts, 'numbers', id);
  return {
    sender: `accepted for the parsed values; ${big} for a ${code('bigint')}`,
    waiter: `its task gets ${code(received.result)}`,
    operator: `payload ${code(found?.['payload'])}`,
  };
}

async function large(parts: Parts): Promise<Outcome> {
  const { utils, gateOf } = parts;
  const { id } = await utils.addJob(TASK, { name: 'large', result: 'x'.repeat(LARGE_BYTES) });
  const { result } = await gateOf('large').started.promise;
  const sql = 'SELECT octet_length(payload::text) AS bytes FROM graphile_worker._private_jobs WHERE id = $1';
  const [found] = await parts.postgres.query(sql, [id]);
  await ended(parts, 'large', id);
  return {
    sender: 'accepted',
    waiter:
      typeof result === 'string' && result.length === LARGE_BYTES
        ? 'its task gets all of it'
        : 'its task gets another value',
    operator: `payload of ${Math.round(Number(found?.['bytes']) / 1024 ** 2)} MiB`,
  };
}
