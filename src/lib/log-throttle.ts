// Log throttling: the first lines of a kind are written, the rest of its window is counted and summarized in one line.

import type { Facts, Log } from './log.ts';
import { runOutsideRequest } from './request-context.ts';
import type { World } from './world.ts';

const MAX_LINES = 10;
const WINDOW_MS = 10_000;

interface Window {
  readonly since: number;
  passed: number;
  suppressed: number;
}

/**
 * Returns a function that decides whether one more line of this kind may be written: at most `max` in 10 s.
 * `summarize` is called at the end of each window in which lines were suppressed, with their number; the summary counts
 * as the first line of the next window.
 */
export function createLogThrottle(
  world: Pick<World, 'elapsed' | 'sleep'>,
  summarize: (kind: string, suppressed: number) => void,
  max = MAX_LINES,
): (kind: string) => boolean {
  const windows = new Map<string, Window>();

  async function summarizeLater(kind: string, window: Window): Promise<void> {
    await world.sleep(WINDOW_MS - (world.elapsed() - window.since));
    windows.set(kind, { since: world.elapsed(), passed: 1, suppressed: 0 });
    summarize(kind, window.suppressed);
  }

  function windowOf(kind: string): Window {
    const current = windows.get(kind);
    // A window with suppressed lines ends with its summary.
    if (current && (current.suppressed > 0 || world.elapsed() - current.since < WINDOW_MS)) return current;
    const fresh = { since: world.elapsed(), passed: 0, suppressed: 0 };
    windows.set(kind, fresh);
    return fresh;
  }

  return (kind) => {
    const window = windowOf(kind);
    if (window.passed < max) {
      window.passed += 1;
      return true;
    }
    window.suppressed += 1;
    if (window.suppressed === 1) void runOutsideRequest(() => summarizeLater(kind, window));
    return false;
  };
}

export type SampledWarning = (kind: string, facts?: Facts) => void;

/**
 * Returns a function that logs an occurrence as a warning: the first at once, then at most one line in 10 s with the number of
 * occurrences of each kind since the last line. `facts` are those of the latest occurrence.
 */
export function createSampledWarning(
  log: Log,
  world: Pick<World, 'elapsed' | 'sleep'>,
  message: string,
): SampledWarning {
  let counts: Record<string, number> = {};
  let latest: Facts = {};

  function write(): void {
    log.warn({ ...counts, ...latest }, message);
    counts = {};
  }

  const passes = createLogThrottle(world, write, 1);
  return (kind, facts = {}) => {
    counts[kind] = (counts[kind] ?? 0) + 1;
    latest = facts;
    if (passes(message)) write();
  };
}
