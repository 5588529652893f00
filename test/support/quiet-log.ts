// A log without output that keeps the messages of levels warn and error.

import type { Facts, Log } from '../../src/lib/log.ts';

export interface RememberingLog extends Log {
  readonly lines: { level: 'warn' | 'error'; message: string; facts: Facts }[];
}

export function quietLog(): RememberingLog {
  const lines: RememberingLog['lines'] = [];
  return {
    lines,
    debug: () => {},
    info: () => {},
    warn: (facts, message) => void lines.push({ level: 'warn', message, facts }),
    error: (facts, message) => void lines.push({ level: 'error', message, facts }),
  };
}
