// The receiver follows its signals, whatever becomes of the reader of its log and of npm.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { type Running, run, runByNpm, runCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

function environment(): Record<string, string> {
  return {
    CXONE_BASE_URL: 'http://127.0.0.1:1',
    CXONE_CLIENT_ID: 'simulator',
    CXONE_CLIENT_SECRET: 'simulator-secret',
    PUBLIC_URL: 'http://127.0.0.1:1',
    PORT: '0',
    CALLBACK_SECRET: 'a-secret-for-processes-of-32-characters',
    APP_KEYS: 'shop:the-shop-key-0123456789',
    DATABASE_PATH: join(temporaryFolder(), 'receiver.db'),
  };
}

async function urlOf(receiver: Running): Promise<URL> {
  return new URL(JSON.parse(await receiver.line((line) => line.includes('"listening"'))).url);
}

/** Sends the head of a request without its body, so that draining has something to wait for. */
async function openUnfinishedRequest({ hostname, port }: URL): Promise<void> {
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write('POST /v1/executions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer the-shop-key-0123456789\r\n');
  socket.write('content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n');
  await once(socket, 'data');
}

async function isReachable({ hostname, port }: URL): Promise<boolean> {
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('SIGTERM ends it with 0 after the reader of its log has exited', async () => {
  const child = spawn(process.execPath, [MAIN, 'start'], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  for (let log = ''; !log.includes('"listening"'); ) log += (await once(child.stdout, 'data'))[0];
  child.stdout.destroy();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

test('SIGTERM ends it with 0 while the reader of its log is stuck and the pipe is full', async () => {
  const receiver = run(['start'], { ...environment(), LOG_LEVEL: 'trace' });
  const url = await urlOf(receiver);
  receiver.child.stdout?.pause();
  for (let round = 0; round < 60; round += 1) {
    const requests = Array.from({ length: 50 }, () => fetch(new URL(`/${'x'.repeat(1_000)}`, url)));
    for (const response of await Promise.all(requests)) await response.arrayBuffer();
  }
  receiver.child.kill('SIGTERM');
  const [code] = await once(receiver.child, 'exit');
  expect(code).toBe(0);
});

test('serves, and ends with 0, while the disk of its log is full', async () => {
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const port = await freePort();
  const env = { ...environment(), PORT: String(port), LOG_LEVEL: 'trace' };
  const child = spawn(process.execPath, [MAIN, 'start'], { env, stdio: ['ignore', full, full] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    return (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status === 200;
  };
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
});

test('serves, and ends with 0, after the terminal of its log has gone', async () => {
  const code = join(temporaryFolder(), 'code');
  const port = await freePort();
  // In a session of its own, so that the end of the terminal sends it no signal.
  const command = `setsid --wait sh -c '"${process.execPath}" "${MAIN}" start & echo "pid $!"; wait $!; echo $? >"${code}"'`;
  const env = { ...environment(), PATH: process.env['PATH'] ?? '', PORT: String(port), LOG_LEVEL: 'trace' };
  const terminal = spawn('script', ['-qfc', command, '/dev/null'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let shown = '';
  while (!shown.includes('"listening"')) shown += String((await once(terminal.stdout, 'data'))[0]);
  const pid = Number(/pid (\d+)/.exec(shown)?.[1]);
  onTestFinished(() => void (existsSync(code) || process.kill(pid, 'SIGKILL')));
  expect(statSync(`/proc/${pid}/fd/1`).isCharacterDevice()).toBe(true);
  terminal.kill('SIGKILL');
  await once(terminal, 'close');
  const submit = {
    method: 'POST',
    headers: { authorization: 'Bearer the-shop-key-0123456789' },
    body: '{"actionId":"a"}',
  };
  for (let n = 0; n < 3; n += 1) {
    const headers = { ...submit.headers, 'content-type': 'application/json' };
    expect((await fetch(`http://127.0.0.1:${port}/v1/executions`, { ...submit, headers })).status).toBe(202);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  }
  process.kill(pid, 'SIGTERM');
  await expect.poll(() => existsSync(code) && readFileSync(code, 'utf8'), { timeout: 20_000 }).toBe('0\n');
});

test('SIGHUP without TLS drains it like SIGTERM', async () => {
  const receiver = run(['start'], environment());
  await urlOf(receiver);
  receiver.child.kill('SIGHUP');
  const { code, stdout } = await receiver.finished;
  expect(code).toBe(0);
  expect(stdout).toContain('"stopped"');
});

test.for(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('a second signal (%s) ends it while it drains', async (signal) => {
  const receiver = run(['start'], environment());
  await openUnfinishedRequest(await urlOf(receiver));
  receiver.child.kill('SIGTERM');
  await receiver.line((line) => line.includes('"draining"'));
  receiver.child.kill(signal);
  const { code, stdout } = await receiver.finished;
  expect(code).toBe(1);
  expect(stdout).not.toContain('"stopped"');
});

test('Ctrl-C on npm start, which reaches the receiver twice, drains it and ends npm with 0', async () => {
  const receiver = runCommand('npm', ['run', '--silent', 'start'], environment(), join(import.meta.dirname, '../..'));
  await openUnfinishedRequest(await urlOf(receiver));
  process.kill(-(receiver.child.pid ?? 0), 'SIGINT');
  const { code, stdout } = await receiver.finished;
  expect(stdout).toContain('"stopped"');
  expect(code).toBe(0);
});

test.for(['SIGKILL', 'SIGHUP'] as const)('npm start leaves no receiver behind when %s ends npm', async (signal) => {
  const receiver = runByNpm('start', environment());
  const url = await urlOf(receiver);
  receiver.child.kill(signal);
  await expect.poll(() => isReachable(url)).toBe(false);
});

test('a variable that has no effect is in the log by name', async () => {
  const receiver = run(['start'], { ...environment(), AUDIT_RETENTION_DAY: '30' });
  const line = await receiver.line((text) => text.includes('AUDIT_RETENTION_DAY '));
  expect(JSON.parse(line)).toMatchObject({ level: 'warn', warning: expect.stringContaining('AUDIT_RETENTION_DAYS?') });
});
