// The receiver of another revision as a contender: its own bench prepares its database, writes its requests, starts it and checks it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as requests from '../load/requests.ts';
import type * as prepared from '../prepared.ts';
import type * as contenders from '../servers/contenders.ts';
import type { Contender, Ground } from '../servers/contenders.ts';
import { SECRET } from '../servers/receiver.ts';
import { type CheckedOut, PROGRAM, UnusableRevision } from './revision.ts';

/** What the bench of the revision must have: the same functions as this bench. */
type RevisionBench = Pick<typeof prepared, 'preparedIn'> &
  Pick<typeof requests, 'callbacksFor' | 'writeRequests'> &
  Pick<typeof contenders, 'startReceiverAsContender'>;

const NEEDED = ['preparedIn', 'callbacksFor', 'writeRequests', 'startReceiverAsContender'] as const;

interface Starting {
  /** A folder for prepared databases, which are reused in the next phase. */
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
  const prepared = await bench.preparedIn(cache, { open }, signal);
  // Signed references of its own database. Submissions are the same for both.
  const file = join(own, 'requests');
  const requests = submits
    ? {}
    : { requests: { file, count: await bench.writeRequests(file, bench.callbacksFor(prepared.path, SECRET)) } };
  const ground = { scratch: own, prepared, place, signal };
  return { ...(await bench.startReceiverAsContender(ground, { upstream, submits })), name: 'revision', ...requests };
}

async function benchOf({ folder, name }: CheckedOut): Promise<RevisionBench> {
  const files = [PROGRAM.prepared, PROGRAM.requests, PROGRAM.contenders];
  const modules = await Promise.all(files.map((path) => import(pathToFileURL(join(folder, path)).href)));
  const bench = Object.assign({}, ...modules);
  const missing = NEEDED.filter((need) => typeof bench[need] !== 'function');
  if (missing.length === 0) return bench;
  throw new UnusableRevision(`--against: the bench of ${name} has no ${missing.join(', ')}; choose a later revision`);
}
