// What a move is given and what it reports.

import type { BackupReport } from '../sqlite/file/backup.ts';

export interface MoveOptions {
  /** Called while rows are copied, verified and compared. */
  readonly progress: (phase: MovePhase, done: number, total: number) => void;
}

export type MovePhase = 'copying' | 'verifying' | 'comparing';

export interface MoveReport extends Omit<BackupReport, 'path' | 'bytes'> {
  /** The path of the file, and the URL of the database without its login. */
  readonly from: string;
  readonly to: string;
  readonly notifications: number;
  /** True if an earlier run had moved everything. */
  readonly wasMoved: boolean;
  /** What the settings of the server weaken, each with its consequence. */
  readonly choices: readonly string[];
}

/** Nothing was moved, and the source is as it was, unless the message says otherwise; it states the cause. */
export class MoveFailed extends Error {
  override readonly name = 'MoveFailed';
}
