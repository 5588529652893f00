// One execution, fact by fact, for people.

import type { Execution } from '../../client/types.ts';
import type { CommandContext } from '../context.ts';
import { clean } from '../table.ts';

/** As the API shows it; what it does not have is left out. */
export function factsOf(execution: Readonly<Record<string, unknown>> | Execution): string {
  const facts = Object.entries(execution).filter(([, value]) => value !== null && value !== undefined);
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('');
}

function textOf(value: unknown): string {
  return clean(typeof value === 'string' ? value : JSON.stringify(value));
}

/** What a changing command says of the execution it got back. */
export function tellExecution(execution: Execution, json: boolean, { write }: Pick<CommandContext, 'write'>): void {
  write(json ? `${JSON.stringify(execution)}\n` : factsOf(execution));
}
