// Upgrades a file of an older version: makes a verified copy of it first, moves its rows, and verifies the file before it removes
// what was moved.

import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { withCommandName } from '../../../lib/command-name.ts';
import { type Log, reasonOf } from '../../../lib/log.ts';
import type { Steps } from '../../../lib/steps.ts';
import type { World } from '../../../lib/world.ts';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { verifyAudit } from '../verify/verify.ts';
import { type Counts, copyBefore, copyOf, countsOf, refused } from './copy-before-upgrade.ts';
import { RowNotMoved } from './data-migration/move-rows.ts';
import { createUpgradeReport, type UpgradeDisplay, type UpgradeReport } from './data-migration/report.ts';
import { bytesToMove, freeBytes, refuseFullDisk } from './data-migration/room.ts';
import { PRIVATE_MODE } from './file-mode.ts';
import { UNVERIFIED, type Upgrade, type UpgradeHooks } from './open.ts';

export interface UpgradeOptions {
  readonly world: Pick<World, 'now' | 'elapsed'>;
  readonly log: Log;
  readonly freeBytesIn?: (folder: string) => number;
  /** Mode of the copy; default: 0600. */
  readonly mode?: number;
  /** True for a file that is a copy itself: it is upgraded without another one. */
  readonly isCopy?: boolean;
  readonly upgradeDisplay?: UpgradeDisplay | undefined;
}

// One function because the parts of an upgrade share its options and its one check.
/** Killed at any moment, it leaves a file that opens. A file that did not keep everything is refused at every start. */
export function upgradeWithBackup(options: UpgradeOptions): UpgradeHooks {
  const { world, log, freeBytesIn = freeBytes, mode = PRIVATE_MODE, isCopy = false, upgradeDisplay } = options;

  function demandWhole(file: string, backup: string, problem: string | null): void {
    // promise: lossy-upgrade-stops
    if (problem === null) return;
    log.error({ database: file, problem, backup }, 'the upgrade did not keep everything');
    throw new DatabaseRefused(
      `${file} was upgraded, but ${problem}: put ${backup} in its place and run the version that wrote it`,
    );
  }

  /** Gives the file the tables of this version, and returns the path of its copy. */
  function begin({ file, client, migrate }: Upgrade, from: string, report: UpgradeReport): string {
    const free = freeBytesIn(dirname(file));
    const faults: string[] = [];
    if (isCopy) refuseFullDisk(file, { free, needed: bytesToMove(client) });
    const copying = { file, from, client, world, log, free, faults, mode, report };
    // promise: copy-before-upgrade
    const backup = isCopy ? copyOf(file) : copyBefore(copying);
    for (const fault of faults) log.warn({ database: file, fault }, FAULTY);
    try {
      // promise: lossy-upgrade-stays-stopped
      if (faults.length === 0) client.pragma(`user_version = ${UNVERIFIED}`);
      // promise: upgrade-after-copy
      migrate();
      return backup;
    } catch (error) {
      throw refused(file, `${reasonOf(error)}. It holds what it held, and ${backup} is a copy of it`, error);
    }
  }

  /** Gives a file whose upgrade a version before this one has begun the tables of this version. Its copy is made already. */
  function proceed({ file, migrate }: Upgrade): string {
    const backup = copyOf(file);
    try {
      // promise: upgrade-begun-by-another-version-continues
      migrate();
      return backup;
    } catch (error) {
      throw refused(file, `${reasonOf(error)}. It is still in the middle of its upgrade`, error);
    }
  }

  /** Moves the rest of the rows of a file whose upgrade has begun. */
  function* move({ file, from, client, moveRows }: Upgrade, backup: string, report: UpgradeReport): Steps {
    try {
      const rest = moveRows();
      const first = rest.next();
      if (first.done) return;
      if (from === null) {
        refuseFullDisk(file, { free: freeBytesIn(dirname(file)), needed: bytesToMove(client, first.value) });
      }
      // The first turn prepares for a signal, before the log has this step.
      yield;
      report('move rows', first.value);
      for (const progress of rest) {
        report('move rows', progress);
        yield;
      }
    } catch (error) {
      throw error instanceof RowNotMoved ? stuck(file, backup, error) : error;
    }
  }

  function* returnSpace({ removeMoved }: Upgrade, report: UpgradeReport): Steps {
    for (const progress of removeMoved()) {
      report('return space', progress);
      yield;
    }
  }

  function* upgrade(upgrading: Upgrade): Steps {
    const { file, from, client } = upgrading;
    const begun = world.elapsed();
    const report = createUpgradeReport({ file, log, world, display: upgradeDisplay });
    // A version before this one may have been ended while it returned pages, which hold the rows that it removed.
    // promise: pages-of-an-earlier-upgrade-are-returned
    if (from !== null) yield* returnSpace(upgrading, report);
    const before = from === null ? {} : countsOf(client);
    const backup = from === null ? proceed(upgrading) : begin(upgrading, from, report);
    yield* move(upgrading, backup, report);
    const isUnverified = client.pragma('user_version', { simple: true }) === UNVERIFIED;
    demandWhole(file, backup, lost(before, countsOf(client)) ?? (isUnverified ? faultOf(client, report) : null));
    if (isUnverified) client.pragma('user_version = 0');
    yield* returnSpace(upgrading, report);
    upgradeDisplay?.clear();
    const tookMs = Math.round(world.elapsed() - begun);
    log.info({ database: file, from, backup, ...countsOf(client), tookMs }, UPGRADED);
  }

  return {
    upgrade,
    verify: ({ file, client }) => {
      demandWhole(file, copyOf(file), faultOf(client));
      // promise: killed-upgrade-is-verified-once
      client.pragma('user_version = 0');
    },
  };
}

const UPGRADED = 'the database is upgraded and verified; the copy of its former state stays until you remove it';
const FAULTY = withCommandName('the database had a fault before its upgrade: npm run audit -- verify shows it');

function lost(before: Counts, after: Counts): string | null {
  const table = Object.keys(before).find((name) => before[name] !== after[name]);
  return table === undefined ? null : `${table} had ${before[table]} rows and has ${after[table]}`;
}

function faultOf(client: Database, report?: UpgradeReport): string | null {
  const progress = (done: number, total: number) => report?.('verify', { done, total });
  const [finding] = verifyAudit(client, { progress }).findings;
  if (finding !== undefined) return `the trail does not hold: ${finding.message}`;
  const difference = client.prepare('SELECT difference FROM conservation').pluck().get();
  return difference === 0 ? null : `conservation is off by ${String(difference)}`;
}

function stuck(file: string, backup: string, error: RowNotMoved): DatabaseRefused {
  return new DatabaseRefused(
    `${file} is in the middle of its upgrade and cannot be used: ${error.message}. To continue with the version that wrote it, put ${backup} in its place`,
    { cause: error },
  );
}
