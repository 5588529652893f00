// Lets the first few of a kind through and counts the rest, so that many at once say no more than they have to.

import type { World } from './world.ts';

/** So many of a kind in this time, milliseconds. */
const MOST = 10;
const WINDOW_MS = 10_000;

interface Window {
  readonly since: number;
  passed: number;
  held: number;
}

/**
 * Returns whether one more of this kind is let through. `over` is called at the end of a stretch in which some were not, with
 * how many.
 */
export function createLogThrottle(
  world: Pick<World, 'now' | 'sleep'>,
  over: (kind: string, held: number) => void,
): (kind: string) => boolean {
  const windows = new Map<string, Window>();

  async function tellLater(kind: string, window: Window): Promise<void> {
    await world.sleep(WINDOW_MS - Math.abs(world.now() - window.since));
    windows.delete(kind);
    over(kind, window.held);
  }

  function windowOf(kind: string): Window {
    const known = windows.get(kind);
    // One that held something back is ended when that is told. A clock that was set back begins anew.
    if (known && (known.held > 0 || Math.abs(world.now() - known.since) < WINDOW_MS)) return known;
    const fresh = { since: world.now(), passed: 0, held: 0 };
    windows.set(kind, fresh);
    return fresh;
  }

  return (kind) => {
    const window = windowOf(kind);
    if (window.passed < MOST) {
      window.passed += 1;
      return true;
    }
    window.held += 1;
    if (window.held === 1) void tellLater(kind, window);
    return false;
  };
}
