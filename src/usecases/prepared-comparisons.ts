// Prepares the comparison of a large result with that of an ended execution, for which callbacks would wait.

import type { LargeBodies } from '../cxone/port.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import { isTerminal } from '../execution/execution.ts';
import { LargeJson } from '../execution/json.ts';
import type { ExecutionReader, ExecutionRecorder } from '../store/port.ts';

/** Returns a store whose transactions compare large results without parsing them, whichever event reports them. */
export function withPreparedComparisons<S extends ExecutionRecorder & Pick<ExecutionReader, 'findByReference'>>(
  store: S,
  prepareComparison: LargeBodies['prepareComparison'],
): S {
  async function prepare(reference: string, { result, error }: Report): Promise<void> {
    const known = await store.findByReference(reference);
    if (known === undefined || !isTerminal(known.status)) return;
    const before = known.lateResult ?? known;
    await prepareComparison(result, before.result);
    await prepareComparison(error, before.error);
  }

  return {
    ...store,
    record: (reference, event, now) => {
      const report = largeReportOf(event);
      if (report === null) return store.record(reference, event, now);
      return prepare(reference, report).then(() => store.record(reference, event, now));
    },
  };
}

type Report = Extract<ExecutionEvent, { report: unknown }>['report'];

/** Returns null for an event without a large result. */
function largeReportOf(event: ExecutionEvent): Report | null {
  if (!('report' in event) || event.report.kind === 'progress') return null;
  return LargeJson.is(event.report.result) || LargeJson.is(event.report.error) ? event.report : null;
}
