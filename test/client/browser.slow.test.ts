// The client needs nothing of Node, neither at run time nor at compile time.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { APP_KEY, setStage } from '../stories/stage.ts';

const run = promisify(execFile);
const HOME = fileURLToPath(new URL('../..', import.meta.url));
const SECRET = `whsec_${Buffer.from('a-secret-for-webhooks-of-32-char').toString('base64')}`;

test('it runs with web globals only, against the whole service', async () => {
  const stage = await setStage();
  const body = '{"type":"execution.completed"}';
  const signature = new Webhook(SECRET).sign('msg_1', new Date(), body);
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': signature,
  };
  const given = { baseUrl: stage.service().url, key: APP_KEY, secret: SECRET, headers, body };
  const args = ['--experimental-vm-modules', '--no-warnings', join(HOME, 'test/client/browser-like.ts')];
  const { stdout } = await run(process.execPath, args, { env: { PAGE: JSON.stringify(given) } });
  expect(JSON.parse(stdout)).toEqual({
    status: 'COMPLETED',
    events: ['ACCEPTED', 'DISPATCHED', 'SUBMITTED', 'CALLBACK_COMPLETED'],
    listed: ['order-1'],
    unknown: 'not-found',
    genuine: { type: 'execution.completed' },
  });
});

test('it compiles with the types of a browser and without those of Node', async () => {
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');
  const options = ['--noEmit', '--ignoreConfig', '--strict', '--target', 'esnext', '--module', 'nodenext'];
  const browser = ['--lib', 'esnext,dom,dom.iterable,dom.asynciterable', '--types', '', '--allowImportingTsExtensions'];
  const file = join(HOME, 'src/client/client.ts');
  await expect(run(process.execPath, [tsc, ...options, ...browser, file])).resolves.toMatchObject({ stdout: '' });
});
