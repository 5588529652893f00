// The installed command under each Node: it runs from any folder and writes only where it is configured to.

import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { COMMAND_NAMES } from '../../src/cli/program.ts';
import { runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { threadNames } from '../support/threads.ts';

const { folder, home, nodes } = inject('installation');
const COMMAND = join(folder, 'node_modules/.bin/cxone-callback-receiver');
const SOURCE = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const KEY = 'the-shop-key-0123456789';

const settings = (cxone: string, database: string) => ({
  CXONE_BASE_URL: cxone,
  CXONE_CLIENT_ID: 'simulator',
  CXONE_CLIENT_SECRET: 'simulator-secret',
  // Nothing listens there: callbacks are lost, and polls find the results.
  PUBLIC_URL: 'http://127.0.0.1:1',
  PORT: '0',
  CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
  APP_KEYS: `shop:${KEY}`,
  OPERATOR_KEYS: `alice:${KEY}-of-alice`,
  DATABASE_PATH: database,
  GRACE_SECONDS: '0',
  POLL_INTERVAL_SECONDS: '0.2',
});

test('an installation has no Node of its own, which would change the Node of the scripts around it', () => {
  expect(readdirSync(join(folder, 'node_modules')).filter((name) => /^node-(linux|darwin|win)/.test(name))).toEqual([]);
  expect(existsSync(join(folder, 'node_modules/.bin/node'))).toBe(false);
});

test('the oldest Node runs the demo from a clone, for machines on which npm installs no other one', async () => {
  const demo = runCommand(
    'node',
    [SOURCE, 'demo'],
    { PATH: [nodes[22], '/usr/bin'].join(delimiter) },
    temporaryFolder(),
  );
  expect((await demo.finished).code).toBe(0);
});

describe.each(Object.entries(nodes))('Node %s', (version, node) => {
  const PATH = [node, '/usr/bin', '/bin'].join(delimiter);
  const run = (args: readonly string[], env: Record<string, string> = {}, cwd = temporaryFolder()) =>
    runCommand(COMMAND, args, { PATH, ...env }, cwd);

  test('runs the command', async () => {
    const { stdout } = await runCommand('node', ['--version'], { PATH }).finished;
    expect(stdout).toMatch(new RegExp(`^v${version}\\.`));
  });

  test('every help text names the command as it is called', async () => {
    const helps = [[], ...['demo', 'simulator', ...COMMAND_NAMES].map((name) => [name])].map(async (words) => {
      const { code, stdout, stderr } = await run([...words, '--help']).finished;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(new RegExp(`^Usage: ${['cxone-callback-receiver', ...words].join(' ')}`));
      expect(stdout).not.toMatch(/npm run|src\/main\.ts/);
    });
    await Promise.all(helps);
  });

  test('the demo shows every fate, and leaves its database in the current folder', async () => {
    const cwd = temporaryFolder();
    const before = readdirSync(home);
    const { code, stderr } = await run(['demo'], {}, cwd).finished;
    expect([code, stderr]).toEqual([0, '']);
    expect(existsSync(join(cwd, 'data/demo.db'))).toBe(true);
    expect(readdirSync(home)).toEqual(before);
  });

  test('the receiver starts, takes an execution of the client to its outcome, serves its pages and stops', async () => {
    const simulator = run(['simulator', '--port', '0']);
    const greeting = await simulator.line((line) => /http:\/\/127\.0\.0\.1:\d+/.test(line));
    const env = settings(
      /http:\/\/127\.0\.0\.1:\d+/.exec(greeting)?.[0] ?? '',
      join(temporaryFolder(), 'deep/receiver.db'),
    );
    const receiver = run(['start'], env);
    const { url } = JSON.parse(await receiver.line((line) => line.includes('"listening"')));
    const script = `
      import { createClient } from 'cxone-callback-receiver/client';
      const client = createClient({ baseUrl: '${url}', key: '${KEY}' });
      console.log((await client.submitAndWait({ actionId: 'charge' })).status);`;
    const app = runCommand('node', ['--input-type=module', '--eval', script], { PATH }, folder);
    expect(await app.finished).toEqual({ code: 0, stdout: 'COMPLETED', stderr: '' });
    const headers = { authorization: `Basic ${btoa(`alice:${KEY}-of-alice`)}` };
    for (const path of ['/', '/docs', '/openapi.json', '/metrics']) {
      expect((await fetch(url + path, { headers })).status, path).toBe(200);
    }
    // Node 22 does not name its threads.
    const names = version === '22' ? null : threadNames(receiver.child.pid ?? 0);
    expect(names ?? ['checkpoints']).toContain('checkpoints');
    receiver.child.kill('SIGTERM');
    expect((await receiver.finished).code).toBe(0);
    for (const words of [
      ['audit', 'verify'],
      ['executions', 'list'],
      ['profile', 'show', 'cxone-jobs'],
    ]) {
      expect(await run(words, env).finished).toMatchObject({ code: 0 });
    }
  });

  test('a database of the first version is copied and stays in use', async () => {
    const folder = temporaryFolder();
    const database = join(folder, 'receiver.db');
    copyFileSync(new URL('../upgrade/0000.db', import.meta.url), database);
    const receiver = run(['start'], settings('http://127.0.0.1:1', database));
    await receiver.line((line) => line.includes('"listening"'));
    receiver.child.kill('SIGTERM');
    expect(await receiver.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('is upgraded') });
    expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^receiver-before-upgrade-from-0000-.*Z\.db$/));
  });

  test('an error of usage suggests the command that was meant, and names it as it is called', async () => {
    const misspelled = await run(['executions', 'lst']).finished;
    expect(misspelled.code).toBe(2);
    expect(misspelled.stderr).toContain('Did you mean list?');
    const incomplete = await run(['executions']).finished;
    expect(incomplete.code).toBe(2);
    expect(incomplete.stderr).toContain('Usage: cxone-callback-receiver executions');
  });
});
