// Polls executions that ended without a result once more, records the responses and reports the differences.
//
// One reconciliation runs at a time. Each response is recorded like any other poll: an ended execution keeps its outcome, and
// a late result is kept and notified. These reports live as long as the process; the audit trail keeps the findings under their id.

import { forgetBeyond } from '../../lib/bounded.ts';
import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/log.ts';
import { MAX_DIFFERENCES, type ReconcileDifference, type ReconcileRequest, type Reconciliation } from './report.ts';
import { type ReconcileEnd, type ReconcileProgress, type ReconcileTools, reconcile } from './run.ts';

/** Reports that are kept, the newest ones. */
export const MAX_REPORTS = 20;

export type Reconciliations = ReturnType<typeof createReconciliations>;

export type Started =
  | { readonly outcome: 'started' | 'running'; readonly reconciliation: Reconciliation }
  | { readonly outcome: 'stopping' };

export interface ReconciliationTools extends ReconcileTools {
  readonly log: Log;
  /** Called with each report that is new or has changed. */
  readonly changed?: (report: Reconciliation) => void;
}

export function createReconciliations(tools: ReconciliationTools) {
  const { world, log, changed = () => {} } = tools;
  const reports = new Map<string, Reconciliation>();
  const stopping = new AbortController();
  let running: { readonly id: string; readonly ended: Promise<void> } | null = null;

  const reportOf = (id: string) => reports.get(id) as Reconciliation;

  function update(id: string, change: Partial<Reconciliation>): void {
    const report = { ...reportOf(id), ...change };
    reports.set(id, report);
    changed(report);
  }

  function reporting(id: string): ReconcileProgress {
    return {
      unaskable: (count) => {
        const { counts } = reportOf(id);
        update(id, { counts: { ...counts, unaskable: counts.unaskable + count } });
      },
      progress: (done) => update(id, { progress: Math.min(1, Math.max(0, done)) }),
      found: (difference) => update(id, withDifference(reportOf(id), difference)),
    };
  }

  async function run(id: string): Promise<void> {
    let end: ReconcileEnd;
    try {
      end = await reconcile(tools, reportOf(id), reporting(id), stopping.signal);
    } catch (error) {
      end = { status: 'STOPPED', reason: 'the receiver failed; its log has the reason' };
      log.error({ reconciliation: id, reason: reasonOf(error) }, 'a reconciliation failed');
    }
    update(id, { ...end, endedAt: world.now(), ...(end.status === 'ENDED' ? { progress: 1 } : {}) });
    running = null;
    log.info({ reconciliation: id, ...end, ...reportOf(id).counts }, 'reconciled with CXone');
  }

  return {
    /** Returns `running` with the current reconciliation if there is one. */
    start: (request: ReconcileRequest, by: string): Started => {
      if (stopping.signal.aborted) return { outcome: 'stopping' };
      if (running !== null) return { outcome: 'running', reconciliation: reportOf(running.id) };
      const now = world.now();
      const id = world.id(now);
      const reconciliation = newReconciliation(id, { ...request, to: Math.min(request.to, now) }, by, now);
      reports.set(id, reconciliation);
      changed(reconciliation);
      forgetBeyond(reports, MAX_REPORTS);
      log.info({ reconciliation: id, by }, 'polling executions that ended without a result');
      running = { id, ended: run(id) };
      return { outcome: 'started', reconciliation };
    },
    find: (id: string): Reconciliation | undefined => reports.get(id),
    /** Ends the current reconciliation after its polls are recorded, and starts no other. */
    stop: async (): Promise<void> => {
      stopping.abort();
      await running?.ended;
    },
  };
}

const NO_COUNTS = {
  asked: 0,
  same: 0,
  late: 0,
  resolved: 0,
  conflict: 0,
  running: 0,
  gone: 0,
  failed: 0,
  unaskable: 0,
};

function newReconciliation(id: string, request: ReconcileRequest, by: string, now: number): Reconciliation {
  const { from, to, actionId = null, app = null } = request;
  return {
    id,
    by,
    from,
    to,
    actionId,
    app,
    status: 'RUNNING',
    reason: null,
    startedAt: now,
    endedAt: null,
    progress: 0,
    counts: NO_COUNTS,
    differs: [],
  };
}

function withDifference({ counts, differs }: Reconciliation, difference: ReconcileDifference): Partial<Reconciliation> {
  const { finding } = difference;
  const isKept = finding !== 'same' && finding !== 'failed' && differs.length < MAX_DIFFERENCES;
  return {
    counts: { ...counts, asked: counts.asked + 1, [finding]: counts[finding] + 1 },
    differs: isKept ? [...differs, difference] : differs,
  };
}
