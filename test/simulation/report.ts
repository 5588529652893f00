// The report about a seed that breaks a promise: the promise, the failure, and how to reproduce it.

import { generate } from './generate.ts';
import { type RunReport, runHistory } from './run.ts';
import { shrink } from './shrink.ts';

export interface Judged {
  readonly finding: string | null;
  readonly report: RunReport;
}

/** Runs the history of a seed; if it breaks a promise, shortens it. */
export async function judge(seed: number): Promise<Judged> {
  const history = generate(seed);
  const report = await runHistory(history);
  if (report.violation === null) return { finding: null, report };
  const least = await shrink(history, report);
  const { promise, message } = least.report.violation ?? report.violation;
  const finding = [
    `SEED ${seed} breaks the promise "${promise}"`,
    '',
    message,
    '',
    `${least.history.steps.length} of its ${history.steps.length} steps are enough (${JSON.stringify(history.settings)}):`,
    ...least.report.trace,
    '',
    `Reproduce it: SEED=${seed} npm run test:soak`,
  ].join('\n');
  return { finding, report };
}
