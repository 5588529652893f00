// The client of the package in an app: typed under every module resolution, and without the receiver's dependencies.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, inject, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';

const { tarball, folder, home, nodes, checkers } = inject('installation');

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
export const verified = async (body: string, headers: Headers): Promise<NotificationPayload> =>
  verifyNotification('whsec_' + btoa('0'.repeat(32)), headers, body);
export async function replayDead(): Promise<number> {
  for await (const { id, status } of client.listNotifications({ status: 'DEAD' })) if (status === 'DEAD') return (await client.replayNotification(id)).attempts;
  return (await client.replayNotifications({ reason: 'outage' })).replayed;
}
createClient({ baseUrl: 'https://receiver.example.com', key: 'a-key', onReachabilityChange: ({ isReachable }) => void isReachable });
// @ts-expect-error the field does not exist
void client.submit({ action: 'look-up' });
// @ts-expect-error the status does not exist
export const status: Status = 'DONE';
// @ts-expect-error only the client is exported
import('cxone-callback-receiver/store');
`;

const tsc7 = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');
const tsc5 = join(checkers, 'node_modules/typescript/bin/tsc');

test.each([
  { tsc: tsc7, module: 'nodenext', moduleResolution: 'nodenext', ending: 'ts' },
  { tsc: tsc7, module: 'nodenext', moduleResolution: 'nodenext', ending: 'cts' },
  { tsc: tsc7, module: 'preserve', moduleResolution: 'bundler', ending: 'ts' },
  { tsc: tsc5, module: 'node16', moduleResolution: 'node16', ending: 'cts' },
  { tsc: tsc5, module: 'node16', moduleResolution: 'node16', ending: 'mts' },
  { tsc: tsc5, module: 'commonjs', moduleResolution: 'node10', ending: 'ts' },
  { tsc: tsc5, module: 'esnext', moduleResolution: 'node', ending: 'ts' },
])('its types hold in an app: $module, $moduleResolution, .$ending', ({ tsc, module, moduleResolution, ending }) => {
  const file = join(folder, `consumer-${moduleResolution}.${ending}`);
  writeFileSync(file, CONSUMER);
  const flags = { module, moduleResolution, target: 'es2022', lib: 'es2022,dom,dom.iterable', typeRoots: 'none' };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const ignored = tsc === tsc7 ? ['--ignoreConfig'] : [];
  const compile = () => {
    try {
      return execFileSync(process.execPath, [tsc, ...ignored, '--noEmit', '--strict', ...args, file], {
        cwd: folder,
        encoding: 'utf8',
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(compile()).toBe('');
});

test('a public type checker finds no fault under any module resolution', async () => {
  const checker = await import(pathToFileURL(join(checkers, 'node_modules/@arethetypeswrong/core/dist/index.js')).href);
  const bytes = new Uint8Array(readFileSync(join(folder, '..', tarball.filename)));
  const { types, problems, entrypoints } = await checker.checkPackage(checker.createPackageFromTarballData(bytes));
  expect([types.kind, problems]).toEqual(['included', []]);
  expect(Object.keys(entrypoints['./client'].resolutions)).toEqual(['node10', 'node16-cjs', 'node16-esm', 'bundler']);
});

test.each(Object.entries(nodes))('Node %s loads it where nothing else is installed', (_, node) => {
  const alone = temporaryFolder();
  const place = join(alone, 'node_modules/cxone-callback-receiver');
  mkdirSync(join(alone, 'node_modules'));
  cpSync(home, place, { recursive: true });
  const namesBy = (type: string, statement: string) => {
    const args = [`--input-type=${type}`, '--eval', `${statement} console.log(Object.keys(client).sort().join());`];
    return execFileSync(join(node, 'node'), args, { cwd: alone, encoding: 'utf8' }).trim();
  };
  const names = 'ReceiverError,createClient,hasEnded,verifyNotification';
  expect(namesBy('module', "import * as client from 'cxone-callback-receiver/client';")).toBe(names);
  expect(namesBy('commonjs', "const client = require('cxone-callback-receiver/client');")).toBe(names);
});
