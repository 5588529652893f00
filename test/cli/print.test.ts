// The lines that a long command shows while it works.

import { expect, onTestFinished, test, vi } from 'vitest';
import { showProgress } from '../../src/cli/print.ts';

test('the rate and the time that is left are those of what is counted, not of the work of the command before it', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  const terminal = { out: false, err: false, colour: false, columns: 80 };
  const progress = showProgress('verifying the copy', { terminal, writeError: (text) => void lines.push(text) });
  // The copy is made.
  vi.advanceTimersByTime(600_000);
  progress.at(0, 40_000_000);
  vi.advanceTimersByTime(10_000);
  progress.at(1_000_000, 40_000_000);
  progress.done();
  expect(lines).toEqual(['verifying the copy 2 %: 1,000,000 of 40,000,000 entries, 100,000/s, 7 min left\n']);
});
