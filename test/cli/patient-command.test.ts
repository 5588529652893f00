// A command that acts on all that match waits for as long as the receiver may need.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { command } from './harness.ts';

const TICK_MS = 500;
const ANSWERED_AFTER_MS = 590_000;

test('cancel --all gets a response that comes after more than five minutes', async () => {
  const held = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => held.resolve(response)).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const env = { RECEIVER_URL: `http://127.0.0.1:${port}`, RECEIVER_KEY: 'the-key-of-an-operator' };
  const ran = command('executions cancel --all', env);
  const response = await held.promise;
  for (let ms = 0; ms < ANSWERED_AFTER_MS; ms += TICK_MS) {
    await vi.advanceTimersByTimeAsync(TICK_MS);
    await turn();
  }
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"matched":3,"done":3}');
  expect(await ran).toMatchObject({ code: 0, out: '3 of 3 open executions were cancelled\n' });
});
