// The operators' commands without a process of their own, and databases for them to work on.

import type { CommandContext } from '../../src/cli/context.ts';
import { runCommand } from '../../src/cli/program.ts';
import { unreadVariables } from '../../src/config/unread-variables.ts';
import { systemWorld } from '../../src/lib/world.ts';
import type { Store } from '../../src/store/port.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import { anExecution, callback, completed } from '../support/executions.ts';
import { fatal } from '../support/fatal.ts';
import { quietLog } from '../support/quiet-log.ts';
import { temporaryDatabase } from '../support/temporary-database.ts';

export const SECRET = 'a-secret-for-commands-of-32-characters';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What stands around a command in a test; what it says is added to `said`. */
function context(
  said: { out: string; err: string },
  env: Record<string, string> = {},
  terminal = false,
): CommandContext {
  const write = (text: string) => {
    said.out += text;
  };
  return {
    env: () => ({ CALLBACK_SECRET: SECRET, ...env }),
    variableWarnings: () => unreadVariables(env, {}),
    write,
    writeStream: async (text) => write(text),
    writeError: (text) => {
      said.err += text;
    },
    input: async () => '',
    interrupted: () => new AbortController().signal,
    world: systemWorld,
    terminal: { out: terminal, err: terminal, colour: terminal, columns: 80 },
    exitCode: 0,
  };
}

export async function command(
  line: string | readonly string[],
  env: Record<string, string> = {},
  terminal = false,
  around: Partial<CommandContext> = {},
): Promise<Ran> {
  const args = typeof line === 'string' ? line.split(' ') : line;
  const said = { out: '', err: '' };
  const code = await runCommand(args, { ...context(said, env, terminal), ...around });
  return { code, ...said };
}

export function openStore(path = temporaryDatabase()): { store: Store; path: string } {
  return { store: createSqliteStore({ path, world: systemWorld, log: quietLog(), fatal }), path };
}

/** Each execution leaves two entries. */
export async function fill(store: Store, count: number): Promise<void> {
  const one = async () => {
    const execution = anExecution({}, systemWorld.now());
    await store.add({ execution, fingerprint: 'print', queueCapacity: 1e6 });
    await store.record(execution.reference, callback(completed()), systemWorld.now());
  };
  await Promise.all(Array.from({ length: count }, one));
}

/** A closed database with `count` ended executions. */
export async function writtenDatabase(count = 10): Promise<string> {
  const { store, path } = openStore();
  await fill(store, count);
  await store.close();
  return path;
}
