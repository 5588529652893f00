// How far the demo is: one line that moves on a terminal, a plain line now and then elsewhere.

import type { World } from '../world.ts';

export interface Progress {
  status(correlationId: string, status: string): void;
  done(): Promise<void>;
}

const MOVING_MS = 100;
const PLAIN_MS = 2_000;

export function showProgress(total: number, out: NodeJS.WriteStream, world: World): Progress {
  const statuses = new Map<string, string>();
  const over = new AbortController();
  const moving = out.isTTY;

  function line(): string {
    const counts = Map.groupBy(statuses.values(), (status) => status);
    const ended =
      statuses.size - ['QUEUED', 'UNCONFIRMED', 'PENDING'].reduce((sum, s) => sum + (counts.get(s)?.length ?? 0), 0);
    const parts = [...counts].map(([status, all]) => `${status} ${all.length}`).toSorted();
    return `${String(ended).padStart(3)} of ${total} ended   ${parts.join('  ')}`;
  }

  async function run(): Promise<void> {
    while (!over.signal.aborted) {
      out.write(moving ? `\r\x1b[K${line().slice(0, (out.columns ?? 80) - 1)}` : `${line()}\n`);
      await world.sleep(moving ? MOVING_MS : PLAIN_MS, over.signal);
    }
    out.write(moving ? `\r\x1b[K${line()}\n\n` : `${line()}\n\n`);
  }

  const running = run();
  return {
    status: (correlationId, status) => void statuses.set(correlationId, status),
    done: async () => {
      over.abort();
      await running;
    },
  };
}
