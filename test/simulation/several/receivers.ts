// Several receivers of this process on one PostgreSQL, each behind a proxy that cuts its connections at a chosen statement.

import { onTestFinished } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { type Fetcher, NETWORK_FETCHER } from '../../../src/cxone/transport.ts';
import type { World } from '../../../src/lib/world.ts';
import { startReceiver } from '../../../src/receiver.ts';
import { fatal } from '../../support/fatal.ts';
import { startPatiently } from '../../support/postgres/patiently.ts';
import { type Loss, startWatchedProxy } from '../../support/postgres/watched-proxy.ts';
import { quietLog } from '../../support/quiet-log.ts';
import type { Hook } from './hook.ts';

export const APP_KEY = 'the-shop-key-0123456789';
export const OPERATOR_KEY = 'the-operator-key-0123456789';

/** One life of a receiver, from its start to its crash. */
export interface Life {
  readonly url: string;
  readonly port: number;
  alive(): boolean;
  /** Cuts its connections to the database at this statement from now, 1 for the next one. */
  cutAt(statement: number, loss: Loss): void;
  /** Crashes at this statement from now: nothing of it reaches the database or CXone any more. Resolves then, or when it is healed. */
  crashAt(statement: number, loss: Loss): Promise<void>;
  /** Removes what was planned for later statements. */
  heal(): void;
}

export interface Surroundings {
  readonly databaseUrl: string;
  readonly cxoneUrl: string;
  /** The URL of the load balancer. */
  readonly publicUrl: string;
  /** The endpoint of the app. */
  readonly hook: Pick<Hook, 'url' | 'origin'>;
  /** With the clock of its machine. */
  readonly world: World;
  /** Called at once at a crash. */
  readonly crashed: (life: Life) => void;
}

export async function startLife(surroundings: Surroundings): Promise<Life> {
  const { databaseUrl, cxoneUrl, publicUrl, hook, world, crashed } = surroundings;
  const proxy = await startWatchedProxy(databaseUrl);
  onTestFinished(proxy.close);
  let alive = true;
  const config = readConfig({
    ...{ CXONE_BASE_URL: cxoneUrl, CXONE_CLIENT_ID: 'simulator', CXONE_CLIENT_SECRET: 'simulator-secret' },
    ...{ PUBLIC_URL: publicUrl, PORT: '0', CALLBACK_SECRET: 'a-secret-for-histories-of-32-characters' },
    ...{ APP_KEYS: `shop:${APP_KEY}`, OPERATOR_KEYS: `alice:${OPERATOR_KEY}`, DATABASE_URL: proxy.url },
    ...{ NOTIFY_URLS: `shop:${hook.url}`, NOTIFY_ALLOWED_HOSTS: `*:${hook.origin}` },
    ...{ RATE_LIMIT_PER_SECOND: '200', MAX_CONCURRENT: '50', POLL_INTERVAL_SECONDS: '0.5' },
  });
  const overrides = { fetcher: mortal(() => alive) };
  const service = await startPatiently(() => startReceiver({ config, world, log: quietLog(), fatal, overrides }));
  // Hooks run in reverse order: the database goes after the receiver.
  onTestFinished(service.stop);

  const life: Life = {
    url: service.url,
    port: Number(new URL(service.url).port),
    alive: () => alive,
    cutAt: (statement, loss) => void proxy.cutAt(statement, loss),
    crashAt: async (statement, loss) => {
      if (!(await proxy.cutAt(statement, loss))) return;
      alive = false;
      proxy.refuse();
      crashed(life);
    },
    heal: () => {
      if (alive) proxy.accept();
    },
  };
  return life;
}

/** The requests of a receiver that has crashed have no effect. */
function mortal(alive: () => boolean): Fetcher {
  const fetch: Fetcher['fetch'] = (...request) =>
    alive() ? NETWORK_FETCHER.fetch(...request) : new Promise<never>(() => {});
  return { ...NETWORK_FETCHER, fetch };
}
