// Reports of reconciliations in the database: the leader writes them, and every receiver shows them.

import type { JsonObject } from '../../execution/json.ts';
import type { World } from '../../lib/world.ts';
import type { Reports } from '../../store/leader-port.ts';
import { MAX_REPORTS } from '../reconcile/reconciliations.ts';
import type { Reconciliation } from '../reconcile/report.ts';
import { readReport } from './shared-forms.ts';

export type SharedReports = ReturnType<typeof createSharedReports>;

const ENDED_WITH_LEADER = 'the receiver that ran it has ended; start it again for the same period';

export function createSharedReports(reports: Reports, world: Pick<World, 'now'>) {
  const dirty = new Map<string, Reconciliation>();

  async function save(report: Reconciliation): Promise<void> {
    const { id, status } = report;
    await reports.save({ id, hasEnded: status !== 'RUNNING', report: report as unknown as JsonObject }, MAX_REPORTS);
  }

  return {
    /** Takes a report that is new or has changed; `flush` stores it. */
    changed: (report: Reconciliation): void => void dirty.set(report.id, report),
    /** Stores what has changed since the last time. @throws {StoreUnavailable} then it is stored the next time */
    flush: async (): Promise<void> => {
      for (const [id, report] of dirty) {
        await save(report);
        if (dirty.get(id) === report) dirty.delete(id);
      }
    },
    find: async (id: string): Promise<Reconciliation | undefined> => {
      const report = await reports.find(id);
      return report && readReport(report);
    },
    /** Ends the reports of a leader that ended while its reconciliation ran. */
    takeOver: async (): Promise<void> => {
      // promise: report-ends-with-its-leader
      for (const report of (await reports.running()) as unknown as Reconciliation[]) {
        await save({ ...report, status: 'STOPPED', reason: ENDED_WITH_LEADER, endedAt: world.now() });
      }
    },
  };
}
