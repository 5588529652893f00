// The walk along the audit trail from the checkpoint to its end: the chain, the heads stored elsewhere, and the rows of other tables.

import type { AuditHead, IdGap } from '../port.ts';
import type { AuditRow } from '../shared/audit-rows.ts';
import type { Finding } from '../verification.ts';
import { createBodyCheck } from './callback-bodies.ts';
import { createChainCheck } from './chain.ts';
import { createErasureCheck } from './erasures.ts';
import { createRowCheck } from './executions.ts';
import { createNotificationCheck } from './notifications.ts';
import { createHeadCheck } from './signed-heads.ts';
import type { StoredRest, StoredRows } from './stored.ts';

/** A page of entries behind the last verified one, with what it is compared with: all of one snapshot. */
export interface TrailPage extends StoredRows {
  /** Where the trail begins. */
  readonly checkpoint: AuditHead;
  /** The entries behind the later one of the checkpoint and the last verified entry. */
  readonly rows: readonly AuditRow[];
}

export type Walk = ReturnType<typeof createWalk>;

interface WalkOptions {
  /** Where the trail begins. */
  readonly start: AuditHead;
  readonly heads: readonly AuditHead[];
  readonly gaps: readonly IdGap[];
  /** True if rows may be missing that exports did not contain. */
  readonly isPartial: boolean;
}

export function createWalk({ start, heads, gaps, isPartial }: WalkOptions) {
  const erasures = createErasureCheck();
  const chain = createChainCheck(start, { gaps, isReduced: erasures.isReduced });
  const known = createHeadCheck(heads, start, gaps);
  const executions = createRowCheck(isPartial);
  const bodies = createBodyCheck(isPartial);
  const notifications = createNotificationCheck(isPartial);
  const checks = [known, erasures, executions, bodies, notifications];
  const broken: Finding[] = [];
  let entries = 0;

  function page(given: TrailPage): boolean {
    // Pruning may have overtaken the walk, which then continues where the trail begins now.
    if (chain.skipTo(given.checkpoint)) {
      executions.skipAccepted();
      notifications.skipAccepted();
      erasures.skipTo(chain.link().id);
    }
    for (const row of given.rows) {
      if (!chain.entry(row)) return false;
      entries += 1;
      for (const check of checks) check.entry(row, given);
    }
    return true;
  }

  return {
    /** Verifies a page. Returns false when the chain is broken, which ends the walk with the diagnosis. */
    page,
    /** Notes how the chain was broken. @param rows the entries behind the last verified one, up to MAX_DIAGNOSED. */
    diagnose: (rows: readonly AuditRow[]): void => void broken.push(chain.diagnose(rows)),
    /** Returns the executions that the rest has to have. */
    open: executions.open,
    /** Compares what is left at the end of the trail, of the snapshot of the last page. */
    end: (rest: StoredRest): void => {
      for (const check of checks) check.end(rest);
    },
    /** Returns the last verified entry. */
    link: chain.link,
    entries: (): number => entries,
    findings: (): Finding[] => [...broken, ...checks.flatMap((check) => check.findings)],
    heads: known.verdicts,
  };
}

/** The finding of an entry that stands before the beginning of the trail. */
export function insertedBefore(entry: number, start: AuditHead): Finding {
  const message = `entry ${entry} was inserted: the trail is pruned through entry ${start.id}`;
  return { kind: 'inserted', entry, message };
}
