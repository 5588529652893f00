// `audit head`: the end of the chain as it stands, signed.

import { signHead } from '../audit-head.ts';
import { readVariable } from '../config/config.ts';
import { openForReading } from '../store/sqlite/inspect.ts';
import { readHead } from '../store/sqlite/verify.ts';
import { systemWorld } from '../world.ts';
import { readFlags, type Surroundings } from './surroundings.ts';

export async function auditHead(args: readonly string[], { env, write }: Surroundings): Promise<number> {
  const { values, positionals } = readFlags(args, { json: { type: 'boolean', default: false } }, 1);
  const variables = env();
  const secrets = readVariable(variables, 'CALLBACK_SECRET');
  const client = openForReading(positionals[0] ?? readVariable(variables, 'DATABASE_PATH'));
  try {
    const head = readHead(client);
    const line = signHead(secrets, head, systemWorld.now());
    write(`${values.json ? JSON.stringify({ ...head, line }) : line}\n`);
    return 0;
  } finally {
    client.close();
  }
}
