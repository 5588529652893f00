// Progress of the demo: one updated line on a terminal, a plain line every two seconds elsewhere.

import type { World } from '../lib/world.ts';

const MOVING_MS = 200;
const PLAIN_MS = 2_000;
const OPEN = ['QUEUED', 'UNCONFIRMED', 'PENDING'];

export interface ProgressOptions {
  readonly total: number;
  readonly out: NodeJS.WriteStream;
  readonly world: World;
  /** The status of every execution so far. */
  readonly statuses: () => Promise<readonly string[]>;
}

/** Returns a function that ends the display. */
export function showProgress({ total, out, world, statuses }: ProgressOptions): () => Promise<void> {
  const over = new AbortController();
  const moving = out.isTTY;

  async function show(end: string): Promise<void> {
    const line = lineOf(await statuses(), total);
    const room = out.columns > 0 ? out.columns - 1 : line.length;
    out.write(moving ? `\r\x1b[K${line.slice(0, room)}${end}` : `${line}\n`);
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      await show('');
      await world.sleep(moving ? MOVING_MS : PLAIN_MS, over.signal);
    }
    await show('\n');
    out.write('\n');
  }

  const running = run();
  return async () => {
    over.abort();
    await running;
  };
}

function lineOf(statuses: readonly string[], total: number): string {
  const ended = statuses.filter((status) => !OPEN.includes(status)).length;
  const counts = [...Map.groupBy(statuses, (status) => status)].map(([status, all]) => `${status} ${all.length}`);
  return `${String(ended).padStart(3)} of ${total} ended   ${counts.toSorted().join('  ')}`;
}
