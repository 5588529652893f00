// The built image, run as documented: rights, health, signals, memory, kills.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { sendJson } from '../support/upstream.ts';
import { besiege, expectKept, killForMemory, memoryLimit, peakMib, resultOf, submitUntilCut } from './load.ts';
import {
  type Container,
  callBack,
  create,
  get,
  isReady,
  MEMORY_LIMIT_BYTES,
  PATIENCE,
  podman,
  settingFor,
  start,
  submit,
} from './podman.ts';

const DEPLOYMENT = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');

const { builds, containers, healthChecks, memoryLimits, processorLimits, secrets } = inject('abilities');

const read = (container: Container, file: string) => container.exec('cat', file);

test.runIf(containers)(
  'the receiver is PID 1 of an unprivileged user without capabilities, and may write only its volume',
  async () => {
    const container = await start(await settingFor());
    const command = 'node\0--max-semi-space-size=16\0src/main.ts\0start\0';
    expect(await read(container, '/proc/1/cmdline')).toBe(command);
    const status = await read(container, '/proc/1/status');
    const lines = new Map(status.split('\n').map((line) => line.split(':\t') as [string, string]));
    expect(lines.get('Uid')).toBe('1000\t1000\t1000\t1000');
    expect(lines.get('Gid')).toBe('1000\t1000\t1000\t1000');
    const none = '0'.repeat(16);
    for (const kind of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(lines.get(kind)).toBe(none);
    expect([lines.get('NoNewPrivs'), lines.get('Seccomp')]).toEqual(['1', '2']);
    for (const folder of ['/app', '/app/src', '/home/node', '/etc']) {
      await expect(container.exec('touch', `${folder}/file`)).rejects.toThrow(/Read-only file system/);
    }
    expect(await container.exec('stat', '--format', '%a %U', '/data')).toBe('700 node');
    expect(await container.exec('ls', '/data')).toContain('receiver.db');
  },
);

test.runIf(containers)(
  'an execution and its callback pass, and the commands of operators run in the container',
  async () => {
    const setting = await settingFor();
    const container = await start(setting);
    expect(await submit(setting, 'order-1')).toBe(202);
    await expect.poll(async () => (await get(setting, 'order-1')).status, PATIENCE).toBe('PENDING');
    expect(await callBack(setting, 'order-1', { paid: true })).toBe(200);
    expect(await get(setting, 'order-1')).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
    expect(await container.exec('node', 'src/main.ts', 'executions', 'list')).toContain('order-1');
    expect(await container.exec('node', 'src/main.ts', 'backup', '/data/backup.db')).toContain('/data/backup.db');
  },
);

test.runIf(secrets)('secrets come from files that podman mounts', async () => {
  const { env, ...setting } = await settingFor();
  const { CALLBACK_SECRET = '', ...others } = env;
  const file = join(temporaryFolder(), 'secret');
  writeFileSync(file, CALLBACK_SECRET);
  const name = `callback-secret-${setting.volume}`;
  await podman('secret', 'create', name, file);
  const path = `/run/secrets/${name}`;
  const withFile = { ...setting, env: { ...others, CALLBACK_SECRET_FILE: path } };
  const container = await start(withFile, ['--tmpfs', '/run/secrets', '--secret', name]);
  expect(await read(container, path)).toBe(CALLBACK_SECRET);
  expect(await read(container, '/proc/1/environ')).not.toContain(CALLBACK_SECRET);
});

test.runIf(healthChecks)(
  'the health check reports a receiver that responds as healthy and one that does not as unhealthy',
  async () => {
    const { id } = await start(await settingFor());
    const check = () =>
      podman('healthcheck', 'run', id).then(
        () => 0,
        ({ code }: { code: number }) => code,
      );
    await expect.poll(check, PATIENCE).toBe(0);
    await podman('kill', '--signal', 'STOP', id);
    await expect.poll(check, PATIENCE).toBe(1);
    await podman('kill', '--signal', 'CONT', id);
    await expect.poll(check, PATIENCE).toBe(0);
  },
);

test.runIf(containers)(
  'SIGTERM drains: work in flight is committed, new work gets 503, and the exit code is 0',
  async () => {
    let answer = () => {};
    const setting = await settingFor(({ headers }, response) => {
      answer = () => sendJson(response, 200, { executionId: `run-${headers['x-correlation-id']}`, status: 'RUNNING' });
    });
    const container = await start(setting);
    expect(await submit(setting, 'in-flight')).toBe(202);
    await expect.poll(() => setting.upstream.to('/api/v2/dx/actions').length, PATIENCE).toBe(1);
    const ended = container.end('TERM');
    await expect.poll(() => isReady(setting), PATIENCE).toBe(false);
    expect(await submit(setting, 'too-late')).toBe(503);
    answer();
    expect(await ended).toBe(0);
    expect(await container.logs()).toContain('"msg":"stopped"');
    await start(setting);
    expect(await get(setting, 'in-flight')).toMatchObject({ status: 'PENDING', executionId: 'run-in-flight' });
    expect(setting.upstream.to('/api/v2/dx/actions')).toHaveLength(1);
  },
);

/** A start on a busy machine may be over before the first signal arrives. */
const MAX_ATTEMPTS = 5;

test.runIf(processorLimits)('SIGTERM ends a receiver that is still loading, although it is PID 1', async () => {
  const setting = await settingFor();
  const codes: string[] = [];
  for (let attempt = 0; attempt < MAX_ATTEMPTS && !codes.includes('143'); attempt += 1) {
    // A tenth of a processor makes the start long.
    const { id } = await create(setting, ['--cpus=0.1']);
    const pid = Number(await podman('init', id).then(() => podman('inspect', '--format', '{{.State.Pid}}', id)));
    const started = podman('start', id);
    await expect.poll(() => terminate(pid), { ...PATIENCE, interval: 10 }).toBe('ended');
    await started;
    codes.push(await podman('wait', id));
  }
  expect(codes.at(-1), `exit codes: ${codes.join(', ')}`).toBe('143');
});

/** Sends SIGTERM to the Node of a container. The kernel discards what arrives before Node has a handler: the sender repeats it. */
function terminate(pid: number): 'not started' | 'sent' | 'ended' {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (command === '') return 'ended';
    if (!command.startsWith('node\0')) return 'not started';
    process.kill(pid, 'SIGTERM');
    return 'sent';
  } catch {
    return 'ended';
  }
}

test.runIf(containers)('after SIGKILL nothing acknowledged is lost, and nothing is sent twice', async () => {
  const setting = await settingFor();
  const first = await start(setting);
  let ended: Promise<number> | null = null;
  const acknowledged = await submitUntilCut(setting, 'order', (count) => {
    if (count >= 100) ended ??= first.end('KILL');
  });
  expect(await ended).toBe(137);
  expect(acknowledged.length).toBeGreaterThanOrEqual(100);
  await start(setting);
  await expectKept(setting, acknowledged);
});

test.runIf(memoryLimits)('under hostile bodies and large results the receiver stays within 512 MiB', async () => {
  let ended = 0;
  const setting = await settingFor(({ url }, response) => {
    // Received completely, or cut off by the receiver, which waits for a limited time.
    response.once('close', () => {
      ended += 1;
    });
    sendJson(response, 200, resultOf(url));
  });
  const container = await start(setting);
  const ids = Array.from({ length: 12 }, (_, i) => `order-${i}`);
  for (const [i, id] of ids.entries()) {
    expect(await submit(setting, id, { actionId: i % 2 === 0 ? 'large' : 'larger' })).toBe(202);
  }
  await besiege(setting);
  await expect.poll(() => ended, PATIENCE).toBe(ids.length);
  expect(await container.state()).toMatchObject({ Status: 'running' });
  for (const id of ids) expect(await get(setting, id)).toMatchObject({ correlationId: id });
  expect(await container.state()).toMatchObject({ Status: 'running' });
  expect(await memoryLimit(container)).toBe(MEMORY_LIMIT_BYTES);
  process.stdout.write(`    peak of resident memory: ${await peakMib(container)} of 512 MiB\n`);
});

test.runIf(memoryLimits)('a receiver that the kernel kills for memory loses nothing acknowledged', async () => {
  const setting = await settingFor();
  const first = await start(setting);
  let killed: Promise<void> | null = null;
  const acknowledged = await submitUntilCut(setting, 'order', (count) => {
    if (count >= 100) killed ??= killForMemory(first);
  });
  await killed;
  expect(await podman('wait', first.id)).toBe('137');
  await start(setting);
  await expectKept(setting, acknowledged);
});

test.runIf(builds)('the documentation states what the image adds to its base', async () => {
  const size = async (name: string) => Number(await podman('image', 'inspect', '--format', '{{.Size}}', name));
  const { name, base } = inject('image');
  const addedMb = ((await size(name)) - (await size(base))) / 1_000_000;
  const [, statedMb] = /adds (\d+) MB to its base/.exec(DEPLOYMENT) ?? [];
  expect(addedMb / Number(statedMb)).toBeGreaterThan(0.9);
  expect(addedMb / Number(statedMb)).toBeLessThan(1.1);
});
