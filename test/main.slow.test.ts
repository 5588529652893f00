// The program as a user runs it: it starts, reports errors, stops by signal, and recovers from a kill.

import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSimulator } from '../src/simulator/app.ts';
import { type Running, run, runByNpm } from './support/process.ts';
import { temporaryFolder } from './support/temporary.ts';
import { threadNames } from './support/threads.ts';

const KEY = 'the-shop-key-0123456789';

async function environment(folder = temporaryFolder()): Promise<Record<string, string>> {
  const simulator = createSimulator();
  onTestFinished(() => simulator.close());
  const { url } = await simulator.listen();
  return {
    CXONE_BASE_URL: url,
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    // Nothing listens there: callbacks are lost, and polls find the results.
    PUBLIC_URL: 'http://127.0.0.1:1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
    APP_KEYS: `shop:${KEY}`,
    DATABASE_PATH: join(folder, 'receiver.db'),
    GRACE_SECONDS: '0',
    POLL_INTERVAL_SECONDS: '0.2',
  };
}

async function listening(receiver: Running): Promise<string> {
  return JSON.parse(await receiver.line((line) => line.includes('"listening"'))).url;
}

function submit(url: string, prefer?: string): Promise<Response> {
  return fetch(`${url}/v1/executions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      ...(prefer === undefined ? {} : { prefer }),
    },
    body: JSON.stringify({ actionId: 'charge', timeoutSeconds: 5, inputs: { simulate: 'lost-callback' } }),
  });
}

describe('npm start', () => {
  test('runs an execution to its end, logs JSON lines without secrets, and ends with 0 on SIGTERM', async () => {
    const env = await environment();
    const receiver = run(['start'], { ...env, LOG_LEVEL: 'trace' });
    const url = await listening(receiver);
    const answer = await submit(url, 'wait=15');
    expect(await answer.json()).toMatchObject({ status: 'COMPLETED', resolvedBy: 'poll' });
    expect(threadNames(receiver.child.pid ?? 0) ?? ['checkpoints']).toContain('checkpoints');
    receiver.child.kill('SIGTERM');
    const { code, stdout, stderr } = await receiver.finished;
    expect([code, stderr]).toEqual([0, '']);
    for (const line of stdout.split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
    for (const name of ['CXONE_CLIENT_SECRET', 'CALLBACK_SECRET', 'APP_KEYS']) {
      expect(stdout).not.toContain(env[name]?.split(':').at(-1));
    }
    expect(stdout).not.toMatch(/webhook\/cxone-execution\/[A-Za-z0-9_-]{20}/);
  });

  test('stops on a SIGTERM that only npm receives', async () => {
    const receiver = runByNpm('start', await environment());
    await listening(receiver);
    receiver.child.kill('SIGTERM');
    const { code, stdout } = await receiver.finished;
    expect(code).toBe(0);
    expect(stdout).toContain('"stopped"');
  });

  test('lists every mistake in the configuration by name on stderr, and ends with 1', async () => {
    const secret = 'too-short-a-secret';
    const env = { PORT: 'eighty', CALLBACK_SECRET: secret, QUEUE_CAPACITY: '-1' };
    const { code, stdout, stderr } = await run(['start'], env, temporaryFolder()).finished;
    expect([code, stdout]).toEqual([1, '']);
    for (const name of ['CXONE_ORG_DOMAIN', 'CXONE_CLIENT_ID', 'CXONE_CLIENT_SECRET', 'PUBLIC_URL', 'APP_KEYS']) {
      expect(stderr).toContain(name);
    }
    for (const name of Object.keys(env)) expect(stderr).toContain(name);
    expect(stderr).not.toContain(secret);
  });

  test('reads .env of the current folder', async () => {
    const folder = temporaryFolder();
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(folder, '.env'), 'PORT=eighty\n');
    const { code, stderr } = await run(['start'], await environment().then(({ PORT: _port, ...env }) => env), folder)
      .finished;
    expect(code).toBe(1);
    expect(stderr).toContain('PORT');
  });

  test('a port or a database that is in use is reported in one line', async () => {
    const env = await environment();
    const first = run(['start'], env);
    const { port } = new URL(await listening(first));
    const samePort = await run(['start'], { ...(await environment()), PORT: port }).finished;
    expect([samePort.code, samePort.stderr]).toEqual([1, expect.stringMatching(new RegExp(`^.*port ${port}.*\n$`))]);
    const sameFile = await run(['start'], env).finished;
    expect([sameFile.code, sameFile.stderr]).toEqual([1, expect.stringMatching(/^.*in use by another receiver.*\n$/)]);
  });

  test('after a kill under load every submission with a 202 is there, and ends after a restart', async () => {
    const env = await environment();
    const receiver = run(['start'], env);
    const url = await listening(receiver);
    const accepted: string[] = [];
    const load = Array.from({ length: 60 }, async (_, i) => {
      const answer = await submit(url).catch(() => null);
      if (answer?.status === 202) accepted.push(((await answer.json()) as { correlationId: string }).correlationId);
      if (i === 30) receiver.child.kill('SIGKILL');
    });
    await Promise.allSettled(load);
    await receiver.finished;
    expect(accepted.length).toBeGreaterThan(0);

    const again = run(['start'], env);
    const restarted = await listening(again);
    for (const id of accepted) {
      const answer = await fetch(`${restarted}/v1/executions/${id}`, {
        headers: { authorization: `Bearer ${KEY}`, prefer: 'wait=40' },
      });
      // A submission whose response was lost with the process was possibly received, so it is not sent again.
      expect(((await answer.json()) as { status: string }).status).toMatch(/^(COMPLETED|TIMEOUT|UNCONFIRMED)$/);
    }
    again.child.kill('SIGTERM');
    expect((await again.finished).code).toBe(0);
    const sql = new Database(env['DATABASE_PATH'] as string, { readonly: true });
    onTestFinished(() => void sql.close());
    expect(sql.prepare('SELECT difference FROM conservation').pluck().get()).toBe(0);
  });
});

test('an unknown command is answered with the list of commands', async () => {
  const { code, stderr } = await run(['strat']).finished;
  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'strat'\n(Did you mean start?)");
  expect(stderr).toContain('--help');
});

test('npm run simulator prints its address and stops by signal', async () => {
  const simulator = run(['simulator', '--port', '0']);
  const line = await simulator.line((text) => text.includes('http://127.0.0.1:'));
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
  expect((await fetch(`${url}/simulator/stats`)).status).toBe(200);
  simulator.child.kill('SIGTERM');
  expect((await simulator.finished).code).toBe(0);
});

test('npm run demo, on a machine with a proxy: every fate ends as it states, and the app is notified', async () => {
  // Nothing listens there.
  const proxy = 'http://127.0.0.1:1';
  const proxies = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '1' };
  const { code, stdout } = await run(['demo'], proxies).finished;
  expect(stdout).toMatch(/All \d\d executions ended as expected\./);
  expect(Number(/All (\d+)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(60);
  expect(stdout).toMatch(
    /The app received \d\d notifications, all correctly signed; it rejected 1 on purpose, which the receiver sent again\./,
  );
  expect(code).toBe(0);
});
