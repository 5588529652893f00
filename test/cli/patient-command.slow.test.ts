// Commands that act on all that match wait for as long as the receiver may need.
// A process of its own, because undici keeps one timer for all time limits of a process: a fake one would never fire for the files behind.

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { command } from './harness.ts';

const TICK_MS = 500;
const ANSWERED_AFTER_MS = 590_000;

beforeAll(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterAll(() => void vi.useRealTimers());

test.for([
  ['executions poll --all', '{"matched":3,"done":3}', '3 of 3 open executions are due for a poll now\n'],
  ['executions cancel --all', '{"matched":3,"done":3}', '3 of 3 open executions were cancelled\n'],
  [
    'executions erase --all --confirm 3 --reason moved',
    '{"matched":3,"open":0,"held":0,"erased":3,"copies":[],"walEmptied":true}',
    'The content of 3 executions is erased; 0 open and 0 held ones match and stay as they are.\n',
  ],
  ['notifications replay --all', '{"replayed":3}', '3 notifications are sent again\n'],
] as const)('%s gets a response that comes after more than five minutes', async ([line, answer, out]) => {
  const held = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => held.resolve(response)).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { RECEIVER_URL: `http://127.0.0.1:${port}`, RECEIVER_KEY: 'the-key-of-an-operator' };
  const ran = command(line, env);
  const response = await held.promise;
  for (let ms = 0; ms < ANSWERED_AFTER_MS; ms += TICK_MS) {
    await vi.advanceTimersByTimeAsync(TICK_MS);
    await turn();
  }
  response.writeHead(202, { 'content-type': 'application/json' }).end(answer);
  expect(await ran).toMatchObject({ code: 0, out });
});
