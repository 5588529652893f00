// Formats one execution as lines of names and values.

import type { Execution } from '../../client/types.ts';
import type { CommandContext } from '../context.ts';
import { clean } from '../table.ts';

/** Returns one line for each member that is not null. */
export function formatExecution(execution: Readonly<Record<string, unknown>> | Execution): string {
  const members = Object.entries(execution).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...members.map(([name]) => name.length));
  const textOf = (value: unknown) => clean(typeof value === 'string' ? value : JSON.stringify(value));
  return members.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('');
}

export function writeExecution(execution: Execution, json: boolean, { write }: Pick<CommandContext, 'write'>): void {
  write(json ? `${JSON.stringify(execution)}\n` : formatExecution(execution));
}
