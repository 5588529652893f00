// The report about a seed that breaks a promise: the promise, the failure, and how to reproduce it.

import { generate } from './generate.ts';
import { type Told, tell } from './run.ts';
import { shrink } from './shrink.ts';

export interface Judged {
  readonly finding: string | null;
  readonly told: Told;
}

/** Runs the history of a seed; if it breaks a promise, shortens it. */
export async function judge(seed: number): Promise<Judged> {
  const history = generate(seed);
  const told = await tell(history);
  if (told.violation === null) return { finding: null, told };
  const least = await shrink(history, told);
  const { promise, message } = least.told.violation ?? told.violation;
  const finding = [
    `SEED ${seed} breaks the promise "${promise}"`,
    '',
    message,
    '',
    `${least.history.steps.length} of its ${history.steps.length} steps are enough (${JSON.stringify(history.settings)}):`,
    ...least.told.trace,
    '',
    `See it again: SEED=${seed} npm run test:soak`,
  ].join('\n');
  return { finding, told };
}
