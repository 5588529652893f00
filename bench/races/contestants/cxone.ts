// A CXone for the races: it accepts every execution, sends no callback, and responds to polls as a race demands.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Cxone {
  readonly url: string;
  /** Withholds the response to the submission of an execution, until the returned function is called. */
  hold(correlationId: string): () => void;
  /** Resolves with the path of the callback URL when the execution has arrived. */
  received(correlationId: string): Promise<string>;
  /** From now on polls of the execution get this body. */
  finish(correlationId: string, body: string): void;
  stop(): Promise<void>;
}

interface Run {
  readonly arrival: PromiseWithResolvers<string>;
  mayRespond: Promise<void>;
  state: string;
}

export async function startCxone(): Promise<Cxone> {
  const runs = new Map<string, Run>();
  const runOf = (correlationId: string): Run => {
    const run = runs.get(correlationId) ?? {
      arrival: Promise.withResolvers<string>(),
      mayRespond: Promise.resolve(),
      state: '{"status":"RUNNING"}',
    };
    runs.set(correlationId, run);
    return run;
  };

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const send = (status: number, json: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(json);
    if (request.url === '/api/v2/oauth/token') {
      send(200, '{"access_token":"of-the-races","expires_in":86400}');
      return;
    }
    const correlationId = String(request.headers['x-correlation-id']);
    const run = runOf(correlationId);
    if (request.method === 'GET') {
      send(200, run.state);
      return;
    }
    run.arrival.resolve(new URL(JSON.parse(body).context.callbackUrl).pathname);
    await run.mayRespond;
    send(202, JSON.stringify({ executionId: `run-${correlationId}`, status: 'PENDING' }));
  }

  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (correlationId) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      runOf(correlationId).mayRespond = promise;
      return resolve;
    },
    received: (correlationId) => runOf(correlationId).arrival.promise,
    finish: (correlationId, body) => {
      runOf(correlationId).state = body;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
