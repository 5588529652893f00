// Restate as a contender, if its server and SDK are installed in the project; they are not dependencies.

import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../process.ts';
import { type Contender, contender, demandEqual, type Ground } from './contenders.ts';

const FILE = fileURLToPath(new URL('restate.ts', import.meta.url));

interface Installed {
  readonly sdk: string;
  readonly binary: string;
}

/** Null when it is not installed. */
export function findRestate(from: string = import.meta.url): Installed | null {
  const { resolve } = createRequire(from);
  try {
    const server = createRequire(resolve('@restatedev/restate-server/package.json'));
    const binary = `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`;
    return { sdk: resolve('@restatedev/restate-sdk'), binary: server.resolve(binary) };
  } catch {
    return null;
  }
}

/** `awakeables`: number of awakeables that wait, each in a call of a handler. */
export async function startRestate(
  { scratch, place }: Pick<Ground, 'scratch' | 'place'>,
  { sdk, binary }: Installed,
  awakeables: number,
): Promise<Contender> {
  const file = join(scratch, 'awakeables');
  const folder = join(scratch, 'restate');
  await mkdir(folder);
  const child = startProcess({
    file: FILE,
    // Otherwise its SDK logs each call.
    env: { RESTATE_LOGGING: 'WARN' },
    args: [String(awakeables), folder, file, sdk, binary],
    place,
    logFile: join(scratch, 'restate.log'),
  });
  return {
    ...(await contender('restate', child)),
    requests: { file, count: awakeables },
    settle: async (answered) => {
      const answer = child.message((message): message is { resolved: number } => 'resolved' in message);
      child.send({ expected: answered });
      demandEqual('Restate', { ...(await answer) }, { resolved: answered });
      await child.stop();
    },
  };
}
