// What a move is given and what it reports.

import type { AuditHead } from '../port.ts';

export interface MoveOptions {
  /** Called while rows are copied, verified and compared. */
  readonly progress: (phase: MovePhase, done: number, total: number) => void;
}

export type MovePhase = 'copying' | 'verifying' | 'comparing';

export interface MoveReport {
  /** The path of the file, and the URL of the database without its login. */
  readonly from: string;
  readonly to: string;
  readonly executions: number;
  readonly open: number;
  readonly entries: number;
  readonly notifications: number;
  readonly head: AuditHead;
  /** True if an earlier run had moved everything. */
  readonly wasMoved: boolean;
  /** What the settings of the server weaken, each with its consequence. */
  readonly choices: readonly string[];
}

/** Nothing was moved, and the source is as it was; the message states the cause. */
export class MoveFailed extends Error {
  override readonly name = 'MoveFailed';
}
