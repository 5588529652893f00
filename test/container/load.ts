// Load on a receiver in a container: submissions until it is killed, and bodies that are made to cost.

import { request } from 'node:http';
import { expect } from 'vitest';
import { exhaustMemory, MEMORY_LIMIT_FILES } from './machine.ts';
import { type Container, call, get, type Setting, submit } from './podman.ts';

const MIB = 1024 * 1024;

/** Submits from several apps until a connection fails; returns what was acknowledged. */
export async function submitUntilCut(
  setting: Setting,
  prefix: string,
  onCount: (count: number) => void,
): Promise<string[]> {
  const acknowledged: string[] = [];
  const app = async (n: number) => {
    for (let i = 0; i < 10_000; i += 1) {
      const id = `${prefix}-${n}-${i}`;
      const status = await submit(setting, id);
      if (status === null) return;
      // A receiver under pressure may refuse, with 429 or 503.
      if (status !== 202) continue;
      acknowledged.push(id);
      onCount(acknowledged.length);
    }
    throw new Error('no connection failed');
  };
  await Promise.all(Array.from({ length: 4 }, (_, n) => app(n)));
  return acknowledged;
}

/** What was acknowledged is there, and CXone got nothing twice. */
export async function expectKept(setting: Setting, acknowledged: readonly string[]): Promise<void> {
  for (const id of acknowledged) expect(await get(setting, id)).toMatchObject({ correlationId: id });
  const sent = setting.upstream.to('/api/v2/dx/actions').map(({ headers }) => headers['x-correlation-id']);
  expect(new Set(sent).size).toBe(sent.length);
}

const HOSTILE_BATCH = `{"executions":[{"actionId":"a","inputs":{"x":[${'1,'.repeat(2_500_000)}1]}}]}`;

/** Bodies that are made to cost, several times: batches of small values, and callbacks that never end. */
export async function besiege(setting: Setting): Promise<void> {
  const rounds = Array.from({ length: 3 });
  for (const _ of rounds) {
    const batches = Array.from({ length: 8 }, async () => {
      // The receiver may end the connection of a client that still sends some seconds after the response.
      const answer = await call(setting, 'POST', '/v1/executions/batch', HOSTILE_BATCH).catch(() => null);
      await answer?.arrayBuffer().catch(() => null);
      expect([413, 503, undefined]).toContain(answer?.status);
    });
    const silent = Array.from({ length: 100 }, () => {
      const url = `${setting.url}/webhook/cxone-execution/forged`;
      const sending = request(url, { method: 'POST', headers: { 'content-length': MIB } }).on('error', () => {});
      sending.write('x'.repeat(MIB - 1));
      return sending;
    });
    await Promise.all(batches);
    for (const one of silent) one.destroy();
  }
}

/** The result of an execution, by its action: large and accepted, or larger than any limit. */
export function resultOf(url: string): string {
  return `{"status":"COMPLETED","executionId":"run","result":"${'x'.repeat((url.includes('larger') ? 60 : 8) * MIB)}"}`;
}

/** @returns the limit in bytes that the kernel enforces. */
export async function memoryLimit(container: Container): Promise<number> {
  return Number(await container.exec('sh', '-c', `cat ${MEMORY_LIMIT_FILES}`));
}

/** @returns the highest resident memory of the receiver so far, in MiB. */
export async function peakMib(container: Container): Promise<number> {
  const status = await container.exec('cat', '/proc/1/status');
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** Lets the kernel kill the receiver for its memory. */
export async function killForMemory(container: Container): Promise<void> {
  await exhaustMemory((await container.state()).Pid, container.exec);
}
