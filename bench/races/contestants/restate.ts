// Restate in the races: a handler makes an awakeable, hands its id out in a durable step, and waits for it.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RestatePorts, restatePorts, spawnRestate } from '../../servers/restate-server.ts';
import { type Answer, ask } from '../http.ts';
import { install, load } from '../packages.ts';
import { type Cells, type Contestant, code, type Ground, inOrder, type Started } from '../races.ts';
import { until } from '../run.ts';

const SERVER_VERSION = '1.7.12';
const SDK_VERSION = '1.17.2';
const LARGE_BYTES = 40 * 1024 * 1024;
const TIMEOUT_MS = 1000;
const JSON_TYPE = { 'content-type': 'application/json' };

/** The used part of the SDK. */
interface Sdk {
  service(definition: { name: string; handlers: Readonly<Record<string, unknown>> }): object;
  endpoint(): Endpoint;
  readonly handlers: { handler(options: { output: object }, handler: unknown): unknown };
  readonly serde: { readonly binary: object };
}
interface Endpoint {
  bind(service: object): Endpoint;
  setLogger(logger: () => void): Endpoint;
  http2Handler(): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
}
interface Context {
  awakeable<T>(serde?: object): { readonly id: string; readonly promise: Awaitable<T> };
  run<T>(name: string, action: () => Promise<T>): Promise<T>;
}
interface Awaitable<T> extends PromiseLike<T> {
  orTimeout(milliseconds: number): PromiseLike<T>;
}
/** The input of a handler. Without a time-out it waits without end. */
interface Input {
  readonly name: string;
  readonly timeoutMs?: number;
}

export const RESTATE: Contestant = {
  name: 'Restate',
  mapping: {
    execution: 'an invocation of a handler that waits for an awakeable',
    sender: '`POST /restate/awakeables/{id}/resolve`',
    waiter: '`GET /restate/invocation/{id}/attach`',
    operator: 'the row in `sys_invocation`, by its SQL interface',
  },
  start,
};

interface Parts {
  readonly ports: RestatePorts;
  readonly startServer: () => ChildProcess;
  readonly stepOf: (name: string) => Step;
  server: ChildProcess;
}

/** The durable step in which CXone would get the id of the awakeable. */
interface Step {
  readonly started: PromiseWithResolvers<string>;
  mayEnd: Promise<void>;
}

async function start({ scratch, packages }: Ground): Promise<Started> {
  await install(packages, [`@restatedev/restate-server@${SERVER_VERSION}`, `@restatedev/restate-sdk@${SDK_VERSION}`]);
  const name = `restate-server-${process.platform}-${process.arch}`;
  const binary = join(packages, 'node_modules/@restatedev', name, 'bin/restate-server');
  const steps = new Map<string, Step>();
  const stepOf = (which: string): Step => {
    const step = steps.get(which) ?? { started: Promise.withResolvers(), mayEnd: Promise.resolve() };
    steps.set(which, step);
    return step;
  };
  const handlers = await serveHandlers(await load<Sdk>(packages, '@restatedev/restate-sdk'), stepOf);
  const ports = await restatePorts();
  const folder = join(scratch, 'restate');
  mkdirSync(folder);
  const startServer = () => {
    const log = openSync(join(scratch, 'restate.log'), 'a');
    const server = spawnRestate(binary, folder, ports, ['ignore', log, log]);
    closeSync(log);
    return server;
  };
  const parts: Parts = { ports, startServer, stepOf, server: startServer() };
  const body = JSON.stringify({ uri: `http://127.0.0.1:${(handlers.address() as AddressInfo).port}` });
  await until('Restate with its handlers', async () => {
    const { status } = await ask(`http://127.0.0.1:${ports.admin}/deployments`, { headers: JSON_TYPE, body });
    return status === 201 ? true : null;
  });
  return {
    versions: `${SERVER_VERSION} with its TypeScript SDK ${SDK_VERSION}`,
    races: {
      early: () => early(parts),
      duplicate: () => twice(parts, 'duplicate', (id) => resolve(parts, id)),
      conflict: () => twice(parts, 'conflict', (id) => reject(parts, id)),
      late: () => late(parts),
      cancelled: () => cancelled(parts),
      unknown: () => unknown(parts),
      downtime: () => downtime(parts),
      crash: () => crash(parts),
      key: () => key(parts),
      numbers: () => numbers(parts),
      large: () => large(parts),
      lost: () => lost(parts),
    },
    stop: async () => {
      await end(parts, 'SIGTERM');
      handlers.close();
    },
  };
}

/** Serves the handlers in this process: only Restate's server is killed. */
async function serveHandlers(sdk: Sdk, stepOf: Parts['stepOf']): Promise<Http2Server> {
  const wait = async (context: Context, { name, timeoutMs }: Input, serde?: object): Promise<unknown> => {
    const { id, promise } = context.awakeable<unknown>(serde);
    await context.run('call CXone', async () => {
      const step = stepOf(name);
      step.started.resolve(id);
      await step.mayEnd;
    });
    return timeoutMs === undefined ? promise : promise.orTimeout(timeoutMs);
  };
  const { binary } = sdk.serde;
  const inBytes = (context: Context, input: Input) => wait(context, input, binary);
  const service = sdk.service({
    name: 'races',
    handlers: {
      json: (context: Context, input: Input) => wait(context, input),
      bytes: sdk.handlers.handler({ output: binary }, inBytes),
    },
  });
  const server = createServer(
    sdk
      .endpoint()
      .setLogger(() => {})
      .bind(service)
      .http2Handler(),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function end({ server }: Parts, signal: NodeJS.Signals): Promise<void> {
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

const ingress = ({ ports }: Parts, path: string) => `http://127.0.0.1:${ports.ingress}${path}`;

interface Invoked {
  readonly invocation: string;
  readonly awakeable: string;
}

async function send(parts: Parts, input: Input, more: { handler?: string; key?: string } = {}) {
  const headers = { ...JSON_TYPE, ...(more.key === undefined ? {} : { 'idempotency-key': more.key }) };
  const path = `/races/${more.handler ?? 'json'}/send`;
  const { status, text } = await ask(ingress(parts, path), { headers, body: JSON.stringify(input) });
  if (status !== 200 && status !== 202) throw new Error(`the invocation got ${status}: ${text}`);
  const { invocationId, status: said }: { invocationId: string; status: string } = JSON.parse(text);
  return { status, invocationId, said };
}

/** Invokes a handler; resolves when it has handed out the id of its awakeable. */
async function invoke(parts: Parts, input: Input, handler = 'json'): Promise<Invoked> {
  const { invocationId } = await send(parts, input, { handler });
  return { invocation: invocationId, awakeable: await parts.stepOf(input.name).started.promise };
}

/** The same, when it waits and its time has begun. */
async function waiting(parts: Parts, input: Input, handler = 'json'): Promise<Invoked> {
  const invoked = await invoke(parts, input, handler);
  await until('an invocation that waits', async () =>
    (await row(parts, invoked)) === code('suspended') ? true : null,
  );
  return invoked;
}

const RESULT = '{"n":1}';

async function resolve(parts: Parts, awakeable: string, body: string = RESULT): Promise<string> {
  const asked = { headers: JSON_TYPE, body, asksFirst: body.length >= LARGE_BYTES };
  return response(await ask(ingress(parts, `/restate/awakeables/${awakeable}/resolve`), asked));
}

async function reject(parts: Parts, awakeable: string): Promise<string> {
  return response(await ask(ingress(parts, `/restate/awakeables/${awakeable}/reject`), { body: 'declined' }));
}

function response({ status, text }: Answer): string {
  const said = text === '' ? '' : ` ${code(text.slice(0, 200))}`;
  return status === 0 ? code(text) : `${status}${said}`;
}

/** Waits for the end of an invocation. */
async function attached(parts: Parts, { invocation }: Invoked): Promise<string> {
  return response(await ask(ingress(parts, `/restate/invocation/${invocation}/attach`), { method: 'GET' }));
}

async function row({ ports }: Parts, { invocation }: Invoked): Promise<string> {
  const query = `SELECT status, completion_result, completion_failure FROM sys_invocation WHERE id = '${invocation}'`;
  const found = await until('the row of an invocation', async () => {
    const headers = { ...JSON_TYPE, accept: 'application/json' };
    const asked = await ask(`http://127.0.0.1:${ports.admin}/query`, { headers, body: JSON.stringify({ query }) });
    return asked.status === 200 ? asked.text : null;
  });
  const [invocationRow] = JSON.parse(found).rows;
  if (invocationRow === undefined) return 'no row';
  const { status, completion_result: result, completion_failure: failure } = invocationRow;
  return [status, result, failure]
    .filter((value) => value !== undefined && value !== null)
    .map(code)
    .join(', ');
}

async function seen(parts: Parts, invoked: Invoked): Promise<Pick<Cells, 'waiter' | 'operator'>> {
  return { waiter: await attached(parts, invoked), operator: await row(parts, invoked) };
}

async function early(parts: Parts): Promise<Cells> {
  const { promise, resolve: letEnd } = Promise.withResolvers<void>();
  parts.stepOf('early').mayEnd = promise;
  const invoked = await invoke(parts, { name: 'early' });
  const sender = await resolve(parts, invoked.awakeable);
  letEnd();
  return { sender, ...(await seen(parts, invoked)) };
}

async function twice(parts: Parts, name: string, again: (id: string) => Promise<string>): Promise<Cells> {
  const invoked = await waiting(parts, { name });
  const sender = inOrder(await resolve(parts, invoked.awakeable), await again(invoked.awakeable));
  return { sender, ...(await seen(parts, invoked)) };
}

async function late(parts: Parts): Promise<Cells> {
  const invoked = await invoke(parts, { name: 'late', timeoutMs: TIMEOUT_MS });
  const before = await attached(parts, invoked);
  const sender = await resolve(parts, invoked.awakeable);
  const { waiter, operator } = await seen(parts, invoked);
  return { sender, waiter: waiter === before ? waiter : inOrder(before, waiter), operator };
}

async function cancelled(parts: Parts): Promise<Cells> {
  const invoked = await waiting(parts, { name: 'cancelled' });
  await ask(`http://127.0.0.1:${parts.ports.admin}/invocations/${invoked.invocation}/cancel`, { method: 'PATCH' });
  await attached(parts, invoked);
  const sender = await resolve(parts, invoked.awakeable);
  return { sender, ...(await seen(parts, invoked)) };
}

/** An id is `sign_1` and base64url of the id of an invocation and a number: another invocation's is well formed. */
async function unknown(parts: Parts): Promise<Cells> {
  const invoked = await waiting(parts, { name: 'unknown' });
  const { awakeable } = invoked;
  const bytes = Buffer.from(awakeable.slice('sign_1'.length), 'base64url');
  bytes.writeUInt8(bytes.readUInt8(12) ^ 1, 12);
  const other = `sign_1${bytes.toString('base64url')}`;
  const cut = awakeable.slice(0, -4);
  const refusal = (await resolve(parts, cut)).replace(cut, '…');
  const sender = `${await resolve(parts, other)} for the id of no invocation, ${refusal} for a cut id`;
  const operator = await row(parts, invoked);
  await resolve(parts, awakeable);
  return { sender, waiter: 'no invocation is affected', operator };
}

async function downtime(parts: Parts): Promise<Cells> {
  const invoked = await waiting(parts, { name: 'downtime', timeoutMs: TIMEOUT_MS });
  await end(parts, 'SIGTERM');
  const during = await resolve(parts, invoked.awakeable);
  await sleep(TIMEOUT_MS);
  parts.server = parts.startServer();
  const after = await until('Restate after its start', async () => {
    const answer = await resolve(parts, invoked.awakeable);
    return /^\d/.test(answer) && !answer.startsWith('5') ? answer : null;
  });
  return { sender: `${during} during the downtime, ${after} after it`, ...(await seen(parts, invoked)) };
}

async function crash(parts: Parts): Promise<Cells> {
  const invoked = await waiting(parts, { name: 'crash' });
  const before = await resolve(parts, invoked.awakeable);
  await end(parts, 'SIGKILL');
  parts.server = parts.startServer();
  const waiter = await until('the invocation after the restart', async () => {
    const answer = await attached(parts, invoked);
    return /^\d/.test(answer) && !answer.startsWith('5') ? answer : null;
  });
  const sender = inOrder(before, `${await resolve(parts, invoked.awakeable)} after the restart`);
  return { sender, waiter, operator: await row(parts, invoked) };
}

/** Here the sender is the app that submits. */
async function key(parts: Parts): Promise<Cells> {
  const first = await send(parts, { name: 'key' }, { key: 'order-4711' });
  const second = await send(parts, { name: 'another' }, { key: 'order-4711' });
  const awakeable = await parts.stepOf('key').started.promise;
  await resolve(parts, awakeable);
  const same = second.invocationId === first.invocationId ? 'the first invocation' : 'another invocation';
  return {
    sender: `${first.status} ${code(first.said)}, then ${second.status} ${code(second.said)} with ${same}`,
    ...(await seen(parts, { invocation: first.invocationId, awakeable })),
  };
}

async function numbers(parts: Parts): Promise<Cells> {
  const body = '{"big":9007199254740993,"zero":-0,"one":1.0}';
  const asJson = await waiting(parts, { name: 'numbers' });
  const sender = await resolve(parts, asJson.awakeable, body);
  const asBytes = await waiting(parts, { name: 'bytes' }, 'bytes');
  await resolve(parts, asBytes.awakeable, body);
  const { waiter, operator } = await seen(parts, asJson);
  return { sender, waiter: `${waiter}; ${await attached(parts, asBytes)} with ${code('serde.binary')}`, operator };
}

async function large(parts: Parts): Promise<Cells> {
  const invoked = await waiting(parts, { name: 'large' });
  const refused = await resolve(parts, invoked.awakeable, JSON.stringify('x'.repeat(LARGE_BYTES)));
  const open = await row(parts, invoked);
  const sender = inOrder(refused, `${await resolve(parts, invoked.awakeable)} for a small result`);
  const { waiter, operator } = await seen(parts, invoked);
  return { sender, waiter: `nothing, then ${waiter} with the small result`, operator: inOrder(open, operator) };
}

async function lost(parts: Parts): Promise<Cells> {
  const limited = await invoke(parts, { name: 'lost', timeoutMs: TIMEOUT_MS });
  const unlimited = await waiting(parts, { name: 'lost-without-limit' });
  const { waiter, operator } = await seen(parts, limited);
  const open = await row(parts, unlimited);
  await resolve(parts, unlimited.awakeable);
  return {
    sender: 'sends nothing',
    waiter: `${waiter} with ${code('orTimeout')}; nothing without`,
    operator: `${operator} with ${code('orTimeout')}; ${open} without`,
  };
}
