// The notification receivers for web frameworks print an outcome that is signed, and refuse everything else.

import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { setStage } from './stage.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Copies the example, so that its packages are not installed in this project. */
function installed(name: string): string {
  const folder = join(temporaryFolder(), name);
  cpSync(join(EXAMPLES, name), folder, { recursive: true, filter: (path) => !path.includes('node_modules') });
  const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--silent'];
  execFileSync('npm', ['install', ...quietly], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

const FRAMEWORKS = {
  express: { ready: /^listening/, start: () => ['npm', ['start', '--silent'], installed('express')] },
  next: { ready: /Ready/, start: () => ['npm', ['start', '--silent'], installed('next')] },
  flask: { ready: /Serving/, start: () => ['python3', ['receiver.py'], join(EXAMPLES, 'flask')] },
} satisfies Record<string, { ready: RegExp; start: () => [string, string[], string] }>;

test.each(Object.entries(FRAMEWORKS))(
  '%s: the outcome of an execution is printed, and a forged or empty notification is refused',
  async (_, { ready, start }) => {
    const stage = await setStage();
    const [command, args, folder] = start();
    const env = {
      RECEIVER_URL: stage.url,
      RECEIVER_KEY: stage.key,
      PORT: stage.appPort,
      HOME: folder,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const app = runCommand(command, args, { ...env, NEXT_TELEMETRY_DISABLED: '1' }, folder);
    await app.line((line) => ready.test(line));
    const notifyUrl = `http://127.0.0.1:${stage.appPort}/`;

    const submitted = await stage.run('sh', 'curl/submit-and-notify.sh', { NOTIFY_URL: notifyUrl }).finished;
    expect({ code: submitted.code, stderr: submitted.stderr }).toEqual({ code: 0, stderr: '' });
    const { correlationId } = JSON.parse(submitted.stdout);
    const printed = await app.line((line) => line.includes('execution.'));
    expect(printed).toContain(`execution.completed ${correlationId} COMPLETED {`);
    const entries = async () => (await stage.client.audit(correlationId)).map(({ event }) => event);
    await expect.poll(entries).toContain('NOTIFICATION_DELIVERED');

    const forged = { type: 'execution.completed', data: { correlationId: 'forged', status: 'COMPLETED', result: {} } };
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'msg_forged',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
    };
    for (const body of [JSON.stringify(forged), '']) {
      expect((await fetch(notifyUrl, { method: 'POST', headers, body })).status).toBe(400);
    }
  },
  240_000,
);
