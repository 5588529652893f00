// pg-boss in the races: a job is fetched and stays active until the sender of the completion completes it by its id.

import { randomUUID } from 'node:crypto';
import { install, load } from '../packages.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Outcome, type Started } from '../races.ts';
import { until } from '../run.ts';
import { type Postgres, startPostgres } from './postgres.ts';

const VERSION = '12.38.0';
const QUEUE = 'charge';
const LARGE_BYTES = 40 * 1024 * 1024;

/** The used part of the package. */
interface Package {
  PgBoss: new (options: Options) => Boss;
}
interface Options {
  readonly connectionString: string;
  readonly supervise: boolean;
  readonly schedule: boolean;
  readonly monitorIntervalSeconds: number;
}
interface Boss {
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: object, options?: object): Promise<string | null>;
  fetch(name: string): Promise<readonly { id: string }[]>;
  complete(name: string, id: string, data: object, options?: { includeQueued: boolean }): Promise<Affected>;
  fail(name: string, id: string, data: object): Promise<Affected>;
  cancel(name: string, id: string): Promise<unknown>;
  findJobs(name: string, by: { id: string }): Promise<readonly { state: string; output: unknown; data: unknown }[]>;
  /** Expires jobs, once in `monitorIntervalSeconds`; by default it does so every minute by itself. */
  supervise(name: string): Promise<void>;
}
interface Affected {
  readonly affected: number;
}

export const PG_BOSS: Contestant = {
  name: 'pg-boss',
  mapping: {
    execution: 'a job that was fetched and is active',
    sender: '`complete(queue, id, result)`',
    waiter: '`findJobs(queue, { id })`, repeated',
    operator: 'the row in `pgboss.job`',
  },
  start,
};

interface Parts {
  readonly postgres: Postgres;
  readonly open: () => Promise<Boss>;
  boss: Boss;
}

const RESULT = { n: 1 };

async function start({ scratch, packages }: Ground): Promise<Started> {
  await install(packages, [`pg-boss@${VERSION}`]);
  const { PgBoss } = await load<Package>(packages, 'pg-boss');
  const postgres = await startPostgres(scratch);
  const open = async () => {
    // Its maintenance is called by the races, so that it runs before or after a completion.
    const boss = new PgBoss({
      ...{ connectionString: postgres.url, supervise: false, schedule: false, monitorIntervalSeconds: 1 },
    });
    // A killed server ends its connections; its next query opens another one.
    boss.on('error', () => {});
    await boss.start();
    return boss;
  };
  const parts: Parts = { postgres, open, boss: await open() };
  await parts.boss.createQueue(QUEUE, {});
  return {
    versions: `${VERSION} on ${postgres.version}`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, (id) => parts.boss.complete(QUEUE, id, RESULT)),
      conflict: () => twice(parts, (id) => parts.boss.fail(QUEUE, id, { reason: 'declined' })),
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
      await parts.boss.stop({ graceful: false });
      await postgres.stop();
    },
  };
}

/** Sends a job and takes it, as a worker does. */
async function taken({ boss }: Parts, options: object = {}): Promise<string> {
  const id = await boss.send(QUEUE, { amount: 1 }, options);
  const [job] = await boss.fetch(QUEUE);
  if (job === undefined || job.id !== id) throw new Error(`the fetched job is ${job?.id} and should be ${id}`);
  return job.id;
}

const completing = async ({ boss }: Parts, id: string, options?: { includeQueued: boolean }) =>
  affected(await boss.complete(QUEUE, id, RESULT, options));

function affected({ affected: count }: Affected): string {
  return code(`affected: ${count}`);
}

async function waiterSees({ boss }: Parts, id: string): Promise<string> {
  const [job] = await boss.findJobs(QUEUE, { id });
  return job === undefined ? 'no job' : `${code(job.state)}, output ${code(job.output)}`;
}

async function row({ postgres }: Parts, id: string): Promise<string> {
  const [found] = await postgres.query('SELECT state, output::text, retry_count FROM pgboss.job WHERE id = $1', [id]);
  return found === undefined
    ? 'no row'
    : `${found['state']}, output ${code(found['output'])}, ${found['retry_count']} retries`;
}

async function seen(parts: Parts, id: string): Promise<Pick<Cells, 'waiter' | 'operator'>> {
  return { waiter: await waiterSees(parts, id), operator: await row(parts, id) };
}

async function early(parts: Parts): Promise<Cells> {
  const id = String(await parts.boss.send(QUEUE, { amount: 1 }));
  const [plain, queued] = [await completing(parts, id), await completing(parts, id, { includeQueued: true })];
  return { sender: inOrder(plain, `${queued} with ${code('includeQueued')}`), ...(await seen(parts, id)) };
}

async function twice(parts: Parts, again: (id: string) => Promise<Affected>): Promise<Cells> {
  const id = await taken(parts);
  const sender = inOrder(await completing(parts, id), affected(await again(id)));
  return { sender, ...(await seen(parts, id)) };
}

/** The time of a job that was taken with these options ends after a second; it is not retried. */
const SHORT = { expireInSeconds: 1, retryLimit: 0 };

async function timeEnds({ postgres }: Parts, id: string): Promise<string> {
  return until('the end of the time of a job', async () => {
    const sql = `SELECT 1 FROM pgboss.job WHERE id = $1 AND started_on + interval '1.1 s' < now()`;
    return (await postgres.query(sql, [id])).length > 0 ? id : null;
  });
}

/** Runs its maintenance until a job has left its state. */
async function maintained({ boss }: Parts, id: string): Promise<void> {
  await until('the expiry of a job by maintenance', async () => {
    await boss.supervise(QUEUE);
    const [job] = await boss.findJobs(QUEUE, { id });
    return job?.state === 'active' ? null : true;
  });
}

const expired = async (parts: Parts) => timeEnds(parts, await taken(parts, SHORT));

async function late(parts: Parts): Promise<Cells> {
  const [before, after] = [await expired(parts), await expired(parts)];
  const early = await completing(parts, before);
  await maintained(parts, after);
  const sender = `${early} before the next maintenance, ${await completing(parts, after)} after it`;
  return {
    sender,
    waiter: `${await waiterSees(parts, before)}; ${await waiterSees(parts, after)} after it`,
    operator: `${await row(parts, before)}; ${await row(parts, after)} after it`,
  };
}

async function cancelled(parts: Parts): Promise<Cells> {
  const id = await taken(parts);
  await parts.boss.cancel(QUEUE, id);
  return { sender: await completing(parts, id), ...(await seen(parts, id)) };
}

async function unknown(parts: Parts): Promise<Cells> {
  const id = randomUUID();
  const sender = `${await completing(parts, id)}; ${await refusal(completing(parts, 'no-such-job'))} for an id that is not a UUID`;
  return { sender, ...(await seen(parts, id)) };
}

async function refusal(attempt: Promise<string>): Promise<string> {
  return attempt.catch((error: Error) => `throws ${code(error.message.split('\n')[0])}`);
}

async function downtime(parts: Parts): Promise<Cells> {
  const id = await taken(parts, SHORT);
  await parts.boss.stop({ graceful: false });
  await timeEnds(parts, id);
  parts.boss = await parts.open();
  const sender = `${await completing(parts, id)} after the start, before its first maintenance`;
  await parts.boss.supervise(QUEUE);
  return { sender, ...(await seen(parts, id)) };
}

async function crash(parts: Parts): Promise<Cells> {
  const id = await taken(parts);
  const before = await completing(parts, id);
  await parts.postgres.killAndRecover();
  const waiter = await until('pg-boss after the recovery', () => waiterSees(parts, id).catch(() => null));
  const sender = inOrder(before, `${await completing(parts, id)} after the recovery`);
  return { sender, waiter, operator: await row(parts, id) };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  const { boss } = parts;
  const id = randomUUID();
  const sent = [await boss.send(QUEUE, { amount: 1 }, { id }), await boss.send(QUEUE, { amount: 2 }, { id })];
  await boss.createQueue('exclusive', { policy: 'exclusive' });
  const exclusive = { singletonKey: 'order-4711' };
  const keyed = [
    await boss.send('exclusive', { amount: 1 }, exclusive),
    await boss.send('exclusive', { amount: 2 }, exclusive),
  ];
  const [job] = await boss.findJobs(QUEUE, { id });
  await completing(parts, id, { includeQueued: true });
  const words = (ids: readonly (string | null)[]) =>
    inOrder(...ids.map((found) => (found === null ? '`null`' : 'an id')));
  return {
    sender: `${words(sent)} for the same ${code('id')}; ${words(keyed)} for the same ${code('singletonKey')} in an exclusive queue`,
    waiter: `the first job, with ${code(job?.data)}`,
    operator: await row(parts, id),
  };
}

async function numbers(parts: Parts): Promise<Cells> {
  const id = await taken(parts);
  const parsed = JSON.parse('{"big":9007199254740993,"zero":-0,"one":1.0}');
  const { boss } = parts;
  const sent = affected(await boss.complete(QUEUE, id, parsed));
  const other = await taken(parts);
  const big = await refusal(boss.complete(QUEUE, other, { big: 2n ** 53n + 1n }).then(affected));
  return {
    sender: `${sent} for the parsed values; ${big} for a ${code('bigint')}`,
    waiter: `${await waiterSees(parts, id)}; ${await waiterSees(parts, other)}`,
    operator: `${await row(parts, id)}; ${await row(parts, other)}`,
  };
}

async function large(parts: Parts): Promise<Outcome> {
  const id = await taken(parts);
  const { boss, postgres } = parts;
  const sender = await refusal(boss.complete(QUEUE, id, { text: 'x'.repeat(LARGE_BYTES) }).then(affected));
  const [job] = await boss.findJobs(QUEUE, { id });
  const length = (job?.output as { text?: string } | null)?.text?.length ?? 0;
  const [found] = await postgres.query(
    'SELECT state, octet_length(output::text) AS bytes FROM pgboss.job WHERE id = $1',
    [id],
  );
  return {
    sender,
    waiter: length === LARGE_BYTES ? `${code(job?.state)}, all of it` : `${code(job?.state)}, ${length} characters`,
    operator: `${found?.['state']}, output of ${Math.round(Number(found?.['bytes']) / 1024 ** 2)} MiB`,
  };
}

async function lost(parts: Parts): Promise<Cells> {
  const id = await expired(parts);
  await maintained(parts, id);
  const ended = await seen(parts, id);
  const again = await timeEnds(parts, await taken(parts, { expireInSeconds: 1 }));
  await maintained(parts, again);
  const retried = await seen(parts, again);
  const [job] = await parts.boss.fetch(QUEUE);
  await completing(parts, again);
  return {
    sender: 'sends nothing',
    waiter: `${ended.waiter} without retries; by default ${retried.waiter}${job?.id === again ? ': a worker gets the job again' : ''}`,
    operator: `${ended.operator}; by default ${retried.operator}`,
  };
}
