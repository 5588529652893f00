// Two receivers in containers on one PostgreSQL database: rights, health, takeover, memory, kills.

import { expect, inject, test } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';
import { newDatabase, serverUrl } from '../support/postgres/databases.ts';
import { type Answer, sendJson } from '../support/upstream.ts';
import { besiege, expectKept, killForMemory, memoryLimit, peakMib, resultOf, submitUntilCut } from './load.ts';
import {
  type Container,
  callBack,
  get,
  isReady,
  MEMORY_LIMIT_BYTES,
  PATIENCE,
  podman,
  type Setting,
  settingFor,
  start,
  submit,
} from './podman.ts';

const { containers, healthChecks, memoryLimits } = inject('abilities');
const hasPostgres = serverUrl !== null;

const OPERATOR_KEY = 'the-operator-key-0123456789';

/** A receiver and its address. */
interface Receiver {
  readonly setting: Setting;
  readonly container: Container;
}

interface Pair {
  /** Sends to CXone, polls and notifies. */
  readonly leader: Receiver;
  readonly other: Receiver;
}

/** CXone reaches the other one alone: what it calls back there is the leader's execution. */
async function startPair(answer?: Answer): Promise<Pair> {
  const { env, ...others } = await settingFor(answer);
  const [port, databaseUrl] = await Promise.all([freePort(), newDatabase()]);
  const url = `http://127.0.0.1:${port}`;
  const shared = {
    ...env,
    PUBLIC_URL: url,
    DATABASE_PATH: '',
    DATABASE_URL: databaseUrl,
    OPERATOR_KEYS: `alice:${OPERATOR_KEY}`,
  };
  const first = { ...others, volume: null, env: shared };
  const second = { ...first, url, env: { ...shared, PORT: String(port) } };
  const leader = { setting: first, container: await start(first) };
  await untilLeads(leader);
  return { leader, other: { setting: second, container: await start(second) } };
}

async function untilLeads({ setting: { url } }: Receiver): Promise<void> {
  const metrics = async () => {
    const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR_KEY}` } });
    return response.text();
  };
  await expect.poll(metrics, PATIENCE).toMatch(/^cxone_receiver_active 1$/m);
}

/** Kills the leader while apps submit to it; returns what was acknowledged. */
async function acknowledgedUntil(kill: (leader: Container) => Promise<unknown>, { leader }: Pair): Promise<string[]> {
  let killed: Promise<unknown> | null = null;
  const acknowledged = await submitUntilCut(leader.setting, 'order', (count) => {
    if (count >= 100) killed ??= kill(leader.container);
  });
  await killed;
  expect(await podman('wait', leader.container.id)).toBe('137');
  return acknowledged;
}

test.runIf(containers && hasPostgres)(
  'two receivers on PostgreSQL need no volume and no rights, are healthy, and both serve',
  async () => {
    const { leader, other } = await startPair();
    for (const { container } of [leader, other]) {
      const status = await container.exec('cat', '/proc/1/status');
      expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
      expect(status).toMatch(/^CapBnd:\t0+$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      await expect(container.exec('touch', '/app/file')).rejects.toThrow(/Read-only file system/);
      expect(await container.exec('ls', '/data')).toBe('');
      if (healthChecks)
        await expect.poll(() => podman('healthcheck', 'run', container.id).then(() => 0), PATIENCE).toBe(0);
    }
    expect(await submit(other.setting, 'order-1')).toBe(202);
    await expect.poll(async () => (await get(leader.setting, 'order-1')).status, PATIENCE).toBe('PENDING');
    expect(await callBack(other.setting, 'order-1', { paid: true })).toBe(200);
    expect(await get(leader.setting, 'order-1')).toMatchObject({ status: 'COMPLETED', resolvedBy: 'callback' });
    expect(await other.container.exec('node', 'src/main.ts', 'executions', 'list')).toContain('order-1');
  },
);

test.runIf(containers && hasPostgres)(
  'SIGTERM drains the leader: work in flight is committed, the exit code is 0, and the other receiver leads',
  async () => {
    let answer = () => {};
    const { leader, other } = await startPair(({ headers }, response) => {
      answer = () => sendJson(response, 200, { executionId: `run-${headers['x-correlation-id']}`, status: 'RUNNING' });
    });
    const { upstream } = leader.setting;
    expect(await submit(leader.setting, 'in-flight')).toBe(202);
    await expect.poll(() => upstream.to('/api/v2/dx/actions').length, PATIENCE).toBe(1);
    const ended = leader.container.end('TERM');
    await expect.poll(() => isReady(leader.setting), PATIENCE).toBe(false);
    answer();
    expect(await ended).toBe(0);
    await untilLeads(other);
    expect(await get(other.setting, 'in-flight')).toMatchObject({ status: 'PENDING', executionId: 'run-in-flight' });
    expect(await callBack(other.setting, 'in-flight', 1)).toBe(200);
    expect(await get(other.setting, 'in-flight')).toMatchObject({ status: 'COMPLETED' });
    expect(upstream.to('/api/v2/dx/actions')).toHaveLength(1);
  },
);

test.runIf(containers && hasPostgres)(
  'after SIGKILL of the leader the other receiver leads: nothing acknowledged is lost, and nothing is sent twice',
  async () => {
    const pair = await startPair();
    const acknowledged = await acknowledgedUntil((leader) => podman('kill', '--signal', 'KILL', leader.id), pair);
    await untilLeads(pair.other);
    await expectKept(pair.other.setting, acknowledged);
  },
);

test.runIf(memoryLimits && hasPostgres)(
  'when the kernel kills the leader for its memory, the other receiver leads, and nothing acknowledged is lost',
  async () => {
    const pair = await startPair();
    const acknowledged = await acknowledgedUntil(killForMemory, pair);
    await untilLeads(pair.other);
    await expectKept(pair.other.setting, acknowledged);
  },
);

test.runIf(memoryLimits && hasPostgres)(
  'under hostile bodies and large results two receivers on PostgreSQL stay within 512 MiB',
  async () => {
    let ended = 0;
    const { leader, other } = await startPair(({ url }, response) => {
      // Received completely, or cut off by the receiver, which waits for a limited time.
      response.once('close', () => {
        ended += 1;
      });
      sendJson(response, 200, resultOf(url));
    });
    const ids = Array.from({ length: 12 }, (_, i) => `order-${i}`);
    for (const [i, id] of ids.entries()) {
      expect(await submit(leader.setting, id, { actionId: i % 2 === 0 ? 'large' : 'larger' })).toBe(202);
    }
    await besiege(leader.setting);
    await besiege(other.setting);
    await expect.poll(() => ended, PATIENCE).toBe(ids.length);
    for (const id of ids) expect(await get(leader.setting, id)).toMatchObject({ correlationId: id });
    for (const { container } of [leader, other]) {
      expect(await container.state()).toMatchObject({ Status: 'running' });
      expect(await memoryLimit(container)).toBe(MEMORY_LIMIT_BYTES);
      process.stdout.write(`    peak of resident memory: ${await peakMib(container)} of 512 MiB\n`);
    }
  },
);
