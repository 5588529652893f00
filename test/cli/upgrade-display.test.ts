// The upgrade of a database on the terminal: one line that is overwritten, and room for the lines of the log.

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { showUpgrade } from '../../src/cli/upgrade-display.ts';

const CLEAR = '\r\x1b[K';

function shown(isTerminal: boolean) {
  const said: string[] = [];
  const terminal = { out: isTerminal, err: isTerminal, colour: false, columns: 90 };
  const display = showUpgrade({ terminal, writeError: (text) => void said.push(text) }, () => void said.push('LOG'));
  /** What appears, without the flushes of the log that change nothing. */
  return { display, said: () => said.splice(0).filter((text) => text !== 'LOG') };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
});

test('shows rows, percent, rate and the time that is left, which do not count what an earlier start did', () => {
  const { display, said } = shown(true);
  display.at('move rows', { done: 400_000, total: 1_000_000 });
  vi.advanceTimersByTime(2_000);
  display.at('move rows', { done: 500_000, total: 1_000_000 });
  expect(said()).toEqual([`${CLEAR}upgrade: rows 50 %: 500,000 of 1,000,000 rows, 50,000/s, 10 s left`]);
});

test('states a longer time in minutes, within 80 columns', () => {
  const { display, said } = shown(true);
  display.at('verify the copy', { done: 0, total: 39_000_000 });
  vi.advanceTimersByTime(100_000);
  display.at('verify the copy', { done: 10_000_000, total: 39_000_000 });
  const [line = ''] = said();
  expect(line).toMatch(/ 100,000\/s, 5 min left$/);
  expect(line.slice(CLEAR.length).length).toBeLessThan(80);
});

test('clears its line before the next step, before a line of the log, and at the end', () => {
  const { display, said } = shown(true);
  display.at('move rows', { done: 0, total: 10 });
  vi.advanceTimersByTime(1_000);
  display.at('move rows', { done: 10, total: 10 });
  said();
  display.at('return space', { done: 0, total: 4 });
  expect(said()).toEqual([CLEAR]);
  vi.advanceTimersByTime(1_000);
  display.at('return space', { done: 2, total: 4 });
  expect(said().join('')).toContain('upgrade: space 50 %: 2 of 4 pages, 2/s, 1 s left');
  display.clear();
  expect(said()).toEqual([CLEAR]);
});

test('writes nothing elsewhere, where the log has the progress, and lets waiting lines of the log out', () => {
  let flushed = 0;
  const terminal = { out: false, err: false, colour: false, columns: 80 };
  const display = showUpgrade({ terminal, writeError: () => expect.unreachable() }, () => {
    flushed += 1;
  });
  display.at('verify', { done: 0, total: 10 });
  vi.advanceTimersByTime(20_000);
  display.at('verify', { done: 5, total: 10 });
  display.clear();
  expect(flushed).toBe(3);
});
