// The result of one check of the doctor.

import type { Line } from '../print.ts';

export interface Check {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null for nothing. */
  readonly advice: string | null;
}

export function ok(name: string, message: string): Check {
  return { name, level: 'ok', message, advice: null };
}

export function warn(name: string, message: string, advice: string): Check {
  return { name, level: 'warn', message, advice };
}

export function fail(name: string, message: string, advice: string): Check {
  return { name, level: 'fail', message, advice };
}

/** Returns the check as it is printed, with its advice. */
export function lineOf({ name, level, message, advice }: Check): Line {
  return { name, level, message: advice === null ? message : `${message} → ${advice}` };
}

/** Checks the row of the view `conservation`: no execution is lost. */
export function conservationOf(row: Readonly<Record<string, number>> | undefined): Check {
  const { accepted = 0, terminal = 0, open = 0, difference = 0 } = row ?? {};
  const message = `${accepted} accepted = ${terminal} ended + ${open} open`;
  if (difference === 0) return ok('conservation', message);
  return fail('conservation', `${message} is off by ${difference}`, 'rows were removed or added: restore a backup');
}
