// The bench of each side: the present one, and that of the other revision, which alone knows the revision's code and schema.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as requests from '../load/requests.ts';
import * as prepared from '../prepared.ts';
import * as contenders from '../servers/contenders.ts';
import * as receiver from '../servers/receiver.ts';
import * as sweeper from '../sweeper.ts';
import { type CheckedOut, PROGRAM, UnusableRevision } from './revision.ts';

/** The functions that both sides must have. They prepare a database, write requests for it, and start a receiver on it. */
export type Bench = Pick<typeof prepared, 'preparedIn' | 'copyOf' | 'callbackPaths'> &
  Pick<typeof requests, 'callbacksFor' | 'writeRequests'> &
  Pick<typeof contenders, 'startReceiverAsContender'> &
  Pick<typeof receiver, 'startReceiver'> &
  Pick<typeof sweeper, 'measureSweeper'>;

const PRESENT_BENCH: Bench = { ...prepared, ...requests, ...contenders, ...receiver, ...sweeper };

const NEEDED = [
  ...(['preparedIn', 'copyOf', 'callbackPaths', 'callbacksFor', 'writeRequests'] as const),
  ...(['startReceiverAsContender', 'startReceiver', 'measureSweeper'] as const),
] satisfies readonly (keyof Bench)[];

/** @throws {UnusableRevision} if the bench of the revision differs too much from this one. */
export async function benchOf({ folder, name }: CheckedOut): Promise<Bench> {
  const files = [PROGRAM.prepared, PROGRAM.requests, PROGRAM.contenders, PROGRAM.receiver, PROGRAM.sweeper];
  const modules = await Promise.all(files.map((path) => import(pathToFileURL(join(folder, path)).href)));
  const bench = Object.assign({}, ...modules);
  const missing = NEEDED.filter((need) => typeof bench[need] !== 'function');
  if (missing.length === 0) return bench;
  throw new UnusableRevision(`--against: the bench of ${name} has no ${missing.join(', ')}; choose a later revision`);
}

/** A receiver of one side, by the bench that made its database. */
export interface Side {
  readonly name: 'ours' | 'theirs';
  readonly bench: Bench;
  /** The folder of its prepared databases: no database is prepared by the code of the other side. */
  readonly cache: string;
}

/** Returns the present build and the revision, with a folder each under `scratch`. */
export async function sidesOf(revision: CheckedOut, scratch: string): Promise<readonly [Side, Side]> {
  return [
    { name: 'ours', bench: PRESENT_BENCH, cache: scratch },
    { name: 'theirs', bench: await benchOf(revision), cache: revisionCache(scratch) },
  ];
}

/** Returns the folder of the databases that the revision has prepared. */
export function revisionCache(scratch: string): string {
  return join(scratch, 'prepared-revision');
}
