// A simulator on a real port, a plain client, and a server that receives its callbacks; time runs twenty times as fast.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemWorld, type World } from '../../src/lib/world.ts';
import { createSimulator } from '../../src/simulator/app.ts';
import type { SimulatorOptions } from '../../src/simulator/options.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';

const PACE = 20;

function fastWorld(): World {
  const start = systemWorld.now();
  return {
    ...systemWorld,
    now: () => start + (systemWorld.now() - start) * PACE,
    sleep: (ms, signal) => systemWorld.sleep(ms / PACE, signal),
  };
}

export interface ReceivedCallback {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** The response to a callback: a status, or a status with an outcome. */
type Reply = (callback: ReceivedCallback, nth: number) => number | readonly [status: number, outcome: string];

/** Ends in a text as long as a signature. */
const CALLBACK_PATH = '/callback/reference.0123456789abcdef0123456789abcdef';

export interface Stage extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly base: string;
  readonly world: World;
  /** The received callbacks, in order. */
  readonly callbacks: ReceivedCallback[];
  readonly callbackUrl: string;
  /** A token for the simulator's client. */
  token(): Promise<string>;
  execute(correlationId: string, simulate?: unknown, more?: ExecuteMore): Promise<Response>;
  poll(executionId: string, actionId?: string): Promise<Response>;
  call(path: string, init?: RequestInit): Promise<Response>;
}

export interface ExecuteMore {
  readonly inputs?: object;
  readonly token?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export const QUICK: Partial<SimulatorOptions> = {
  latencyMs: 0,
  jitterMs: 0,
  runJitterMs: 0,
  requestsPerSecond: 0,
};

export async function openStage(options: Partial<SimulatorOptions> = {}, reply: Reply = () => 200): Promise<Stage> {
  const world = options.world ?? fastWorld();
  const callbacks: ReceivedCallback[] = [];
  const app = await receiveCallbacks(callbacks, reply);
  const simulator = createSimulator({ world, ...QUICK, ...options });
  const { url: base } = await simulator.listen();
  const callbackUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}${CALLBACK_PATH}`;
  let cached: Promise<string> | null = null;

  const call: Stage['call'] = (path, init) => fetch(`${base}${path}`, init);
  const token = async () => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'simulator',
      client_secret: 'simulator-secret',
    });
    const response = await call('/api/v2/oauth/token', { method: 'POST', body });
    return ((await response.json()) as { access_token: string }).access_token;
  };
  const bearer = async (given?: string) => {
    cached ??= token();
    return `Bearer ${given ?? (await cached)}`;
  };

  return {
    simulator,
    base,
    world,
    callbacks,
    callbackUrl,
    token,
    call,
    execute: async (correlationId, simulate, more = {}) => {
      const inputs = { ...more.inputs, ...(simulate === undefined ? {} : { simulate }) };
      return call('/api/v2/dx/actions/charge/execute', {
        method: 'POST',
        headers: {
          authorization: await bearer(more.token),
          'x-correlation-id': correlationId,
          'content-type': 'application/json',
        },
        body: more.body ?? JSON.stringify({ inputs, context: { callbackUrl }, asyncExecution: true }),
        signal: more.signal ?? null,
      });
    },
    poll: async (executionId, actionId = 'charge') =>
      call(`/api/v2/dx/actions/${actionId}/executions/${executionId}`, { headers: { authorization: await bearer() } }),
    [Symbol.asyncDispose]: async () => {
      await simulator.close();
      app.closeAllConnections();
      app.close();
      await once(app, 'close');
    },
  };
}

async function receiveCallbacks(callbacks: ReceivedCallback[], reply: Reply): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const one = { path: request.url ?? '', contentType: request.headers['content-type'] ?? '', body };
    callbacks.push(one);
    const chosen = reply(one, callbacks.length);
    const [status, outcome] = typeof chosen === 'number' ? [chosen, undefined] : chosen;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ outcome }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** The id in the response to a submission. */
export async function idIn(response: Response): Promise<string> {
  return ((await response.json()) as { executionId: string }).executionId;
}

/** Runs one execution of a fate and waits for the last of its callbacks. */
export async function played(stage: Stage, fate: string, dials: object = {}): Promise<string> {
  const executionId = await idIn(await stage.execute(fate, { fate, ...dials }));
  await stage.simulator.quiet();
  return executionId;
}
