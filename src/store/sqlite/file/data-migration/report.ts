// Reports the progress of an upgrade: in the log at each step and every few seconds, and continuously to a display, if there is one.

import type { Log } from '../../../../lib/log.ts';
import type { World } from '../../../../lib/world.ts';
import type { MoveProgress } from './move-rows.ts';

export type UpgradeStep = 'verify the copy' | 'move rows' | 'verify' | 'return space';

export interface UpgradeDisplay {
  /** Called after each slice of a step, hence many times a second. */
  readonly at: (step: UpgradeStep, progress: MoveProgress) => void;
  /** A line of the log follows, or the upgrade has ended. */
  readonly clear: () => void;
}

/** Interval of the lines in the log, in milliseconds. */
const LOG_EVERY_MS = 5_000;

export type UpgradeReport = (step: UpgradeStep, progress: MoveProgress) => void;

interface Reporting {
  readonly file: string;
  readonly log: Log;
  readonly world: Pick<World, 'elapsed'>;
  readonly display: UpgradeDisplay | undefined;
}

export function createUpgradeReport({ file, log, world, display }: Reporting): UpgradeReport {
  let logged: { readonly step?: UpgradeStep; readonly at: number } = { at: 0 };
  return (step, { done, total }) => {
    const now = world.elapsed();
    if (step !== logged.step || now - logged.at >= LOG_EVERY_MS) {
      logged = { step, at: now };
      display?.clear();
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      log.info({ database: file, step, done, total, percent }, 'upgrading the database');
    }
    display?.at(step, { done, total });
  };
}
