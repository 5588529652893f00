// Logs what an operator should know about a file that was just opened.

import type { Log } from '../../../lib/log.ts';
import type { OpenDatabase } from './open.ts';

export function logOpening({ file, restored, modeChanges }: OpenDatabase, log: Log): void {
  for (const { path, before } of modeChanges) {
    log.warn({ path, before: octal(before) }, 'the mode of a file of the database was not DATABASE_MODE, and now is');
  }
  if (restored === null) return;
  const { from, nextId } = restored;
  log.warn({ database: file, from, nextId }, 'the database is a restored copy: its ids continue after a gap');
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
