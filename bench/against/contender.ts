// The receiver of another revision as a contender: its own bench prepares its database, writes its requests, starts it and checks it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Ground } from '../servers/contenders.ts';
import { SECRET } from '../servers/receiver.ts';
import { benchOf, revisionCache } from './bench-of.ts';
import type { CheckedOut } from './revision.ts';

interface Starting {
  /** The folder of the bench, in which prepared databases are kept for the next phase. */
  readonly cache: string;
  readonly upstream: string;
  readonly submits?: boolean;
}

/** @throws {UnusableRevision} if the bench of the revision differs too much from this one. */
export async function startRevision(
  revision: CheckedOut,
  { scratch, prepared: { open }, place, signal }: Ground,
  { cache, upstream, submits = false }: Starting,
): Promise<Contender> {
  const bench = await benchOf(revision);
  const own = join(scratch, 'revision');
  await mkdir(own);
  const prepared = await bench.preparedIn(revisionCache(cache), { open }, signal);
  // Signed references of its own database. Submissions are the same for both.
  const file = join(own, 'requests');
  const requests = submits
    ? {}
    : { requests: { file, count: await bench.writeRequests(file, bench.callbacksFor(prepared.path, SECRET)) } };
  const ground = { scratch: own, prepared, place, signal };
  return { ...(await bench.startReceiverAsContender(ground, { upstream, submits })), name: 'revision', ...requests };
}
