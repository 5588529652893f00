// Verb: ask CXone once more about what ended without a result → record → report what differs. Late results are kept and told.
//
// One at a time, with requests that nobody else wants: it delays no execute and no poll. It decides nothing of its own: each
// answer is recorded as any poll is, so an ended execution stays as it is and what is new is kept beside it. Its report lives as
// long as the process; what it found stands in the trail, under its id.

import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/log.ts';
import {
  MAX_DIFFERENCES,
  type ReconcileDifference,
  type ReconcileFinding,
  type ReconcileRequest,
  type Reconciliation,
} from './report.ts';
import { type ReconcileEnd, type ReconcileProgress, type ReconcileTools, reconcile } from './run.ts';

/** Reports that are kept, the newest. */
const MAX_REPORTS = 20;

export interface Reconciliations {
  /** `running`: one is under way, and only one may be. */
  start(request: ReconcileRequest, by: string): Started;
  find(id: string): Reconciliation | undefined;
  /** Ends what is under way, with all that was asked recorded; nothing is started any more. */
  stop(): Promise<void>;
}

export type Started =
  | { readonly outcome: 'started' | 'running'; readonly reconciliation: Reconciliation }
  | { readonly outcome: 'stopping' };

export function createReconciliations(tools: ReconcileTools & { readonly log: Log }): Reconciliations {
  const { world, log } = tools;
  const reports = new Map<string, Reconciliation>();
  const stopping = new AbortController();
  let running: { readonly id: string; readonly ended: Promise<void> } | null = null;

  const reportOf = (id: string) => reports.get(id) as Reconciliation;
  const update = (id: string, change: Partial<Reconciliation>) => reports.set(id, { ...reportOf(id), ...change });

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
      end = { status: 'STOPPED', reason: 'the receiver could not go on; its log says why' };
      log.error({ reconciliation: id, reason: reasonOf(error) }, 'a reconciliation failed');
    }
    update(id, { ...end, endedAt: world.now(), ...(end.status === 'ENDED' ? { progress: 1 } : {}) });
    running = null;
    log.info({ reconciliation: id, ...end, ...reportOf(id).counts }, 'reconciled with CXone');
  }

  return {
    start: (request, by) => {
      if (stopping.signal.aborted) return { outcome: 'stopping' };
      if (running !== null) return { outcome: 'running', reconciliation: reportOf(running.id) };
      const now = world.now();
      const id = world.id(now);
      const reconciliation = begun(id, { ...request, to: Math.min(request.to, now) }, by, now);
      reports.set(id, reconciliation);
      const [oldest] = reports.keys();
      if (reports.size > MAX_REPORTS && oldest !== undefined) reports.delete(oldest);
      log.info({ reconciliation: id, by }, 'asking CXone about what ended without a result');
      running = { id, ended: run(id) };
      return { outcome: 'started', reconciliation };
    },
    find: (id) => reports.get(id),
    stop: async () => {
      stopping.abort();
      await running?.ended;
    },
  };
}

const NOTHING_YET: Record<ReconcileFinding, number> = {
  same: 0,
  late: 0,
  resolved: 0,
  conflict: 0,
  running: 0,
  gone: 0,
  failed: 0,
};

function begun(id: string, request: ReconcileRequest, by: string, now: number): Reconciliation {
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
    counts: { asked: 0, ...NOTHING_YET, unaskable: 0 },
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
