// Restate for the comparison: its server on loopback, and a handler that waits for an awakeable, once for each request.
// Arguments: number of calls, a folder for its data, the file for the resolving requests, the SDK's module, the server's binary.

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { freePort } from '../../src/lib/free-port.ts';
import { type LoadRequest, writeRequests } from '../load/requests.ts';
import { restatePorts, spawnRestate } from './restate-server.ts';

const [, , count = '0', folder = '', file = '', sdk = '', binary = ''] = process.argv;

const PARALLEL = 64;
const START_MS = 30_000;
const POLL_MS = 100;
/** Maximum time until the last handler has received what was acknowledged, in milliseconds. */
const CATCH_UP_MS = 60_000;

/** The used part of the SDK, which is not a dependency. */
interface Sdk {
  service(definition: { name: string; handlers: { wait: (context: Context, nth: number) => Promise<void> } }): object;
  endpoint(): { bind(service: object): { listen(port: number): Promise<number> } };
}
interface Context {
  awakeable<T>(): { id: string; promise: PromiseLike<T> };
}

const waiting = new Map<number, string>();
const resolved = new Set<number>();

async function wait(context: Context, nth: number): Promise<void> {
  const { id, promise } = context.awakeable<unknown>();
  waiting.set(nth, id);
  await promise;
  resolved.add(nth);
}

const dispatcher = new Agent({ connections: PARALLEL });

async function post(url: string, body: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), dispatcher });
  await answer.arrayBuffer();
  return answer.status;
}

async function until(done: () => boolean | Promise<boolean>, ms: number, what: string): Promise<void> {
  const late = Date.now() + ms;
  while (!(await done())) {
    if (Date.now() > late) throw new Error(`Restate: ${what}`);
    await sleep(POLL_MS);
  }
}

async function begin(ingress: number): Promise<void> {
  let next = 0;
  const work = async () => {
    for (let nth = next++; nth < Number(count); nth = next++) {
      const status = await post(`http://127.0.0.1:${ingress}/callbacks/wait/send`, nth);
      if (status >= 300) throw new Error(`Restate answered ${status} when a handler was to be called`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  await until(() => waiting.size === Number(count), CATCH_UP_MS, `${waiting.size} of ${count} handlers wait`);
}

function* resolutions(): Generator<LoadRequest> {
  for (const [charge, id] of waiting) {
    const body = { executionId: `run-${charge}`, status: 'COMPLETED', result: { charge, approved: true } };
    yield { path: `/restate/awakeables/${id}/resolve`, body: JSON.stringify(body) };
  }
}

process.on('SIGTERM', () => process.exit(0));
const { service, endpoint } = (await import(sdk)) as Sdk;
const [ports, handlers] = [await restatePorts(), await freePort()];
const { ingress, admin } = ports;
await endpoint()
  .bind(service({ name: 'callbacks', handlers: { wait } }))
  .listen(handlers);
void once(spawnRestate(binary, folder, ports, 'inherit'), 'exit').then(() => process.exit(1));
const register = () => post(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${handlers}` });
await until(async () => (await register().catch(() => 0)) === 201, START_MS, 'its server does not take the deployment');
await begin(ingress);
await writeRequests(file, resolutions());

process.on('message', async (message: object) => {
  if (!('expected' in message)) return;
  await until(
    () => resolved.size >= Number(message.expected),
    CATCH_UP_MS,
    'handlers miss what was acknowledged',
  ).catch(() => {});
  process.send?.({ resolved: resolved.size });
});
process.channel?.unref();
process.send?.({ listening: ingress });
