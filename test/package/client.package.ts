// The client as an app has it from the package: with types, under every resolution, and without what the receiver needs.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';

const { folder, home, nodes } = inject('installation');

const CONSUMER = `
import { createClient, hasEnded, ReceiverError, verifyNotification } from 'cxone-callback-receiver/client';
import type { Client, EndedExecution, Execution, NotificationPayload, Status } from 'cxone-callback-receiver/client';

const client: Client = createClient({ baseUrl: 'https://receiver.example.com', key: 'a-key' });
export async function ask(): Promise<Status> {
  const execution: Execution = await client.submit({ actionId: 'look-up', inputs: { phone: '+43 1 234' } });
  if (!hasEnded(execution)) return execution.status;
  const ended: EndedExecution = execution;
  const at: string = ended.resolvedAt;
  return at === '' ? 'TIMEOUT' : ended.status;
}
export const kindOf = (error: unknown): string => (error instanceof ReceiverError ? error.name : 'unknown');
export const told = async (body: string, headers: Headers): Promise<NotificationPayload> =>
  verifyNotification('whsec_' + btoa('0'.repeat(32)), headers, body);
// @ts-expect-error there is no such field
await client.submit({ action: 'look-up' });
// @ts-expect-error nor such a status
export const status: Status = 'DONE';
// @ts-expect-error nothing else is open to be imported
import('cxone-callback-receiver/store');
`;

const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');

test.each([
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'preserve', moduleResolution: 'bundler' },
])('its types hold in an app: $moduleResolution', ({ module, moduleResolution }) => {
  const file = join(folder, `consumer-${moduleResolution}.ts`);
  writeFileSync(file, CONSUMER);
  const flags = { module, moduleResolution, target: 'es2022', lib: 'es2022,dom,dom.iterable', types: '' };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const compile = () => {
    try {
      return execFileSync(process.execPath, [tsc, '--ignoreConfig', '--noEmit', '--strict', ...args, file], {
        cwd: folder,
        encoding: 'utf8',
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(compile()).toBe('');
});

test.each(Object.entries(nodes))('Node %s loads it where nothing else is installed', (_, node) => {
  const alone = temporaryFolder();
  const place = join(alone, 'node_modules/cxone-callback-receiver');
  mkdirSync(join(alone, 'node_modules'));
  cpSync(home, place, { recursive: true });
  const script = `import * as client from 'cxone-callback-receiver/client'; console.log(Object.keys(client).sort().join());`;
  const args = ['--input-type=module', '--eval', script];
  const said = execFileSync(join(node, 'node'), args, { cwd: alone, encoding: 'utf8' });
  expect(said.trim()).toBe('ReceiverError,createClient,hasEnded,verifyNotification');
});
