// Commands that call the receiver through the proxy that Node takes from the environment.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../support/process.ts';

test.for(['executions cancel one', 'executions cancel --all'])('%s goes through the proxy', async (line) => {
  const seen: (string | undefined)[] = [];
  const proxy = createServer((request, response) => {
    seen.push(request.url);
    response.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    seen.push(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  onTestFinished(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await once(proxy, 'close');
  });
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const { code } = await run(line.split(' '), {
    RECEIVER_URL: 'http://receiver.invalid',
    RECEIVER_KEY: 'the-key-of-an-operator',
    NODE_USE_ENV_PROXY: '1',
    http_proxy: `http://127.0.0.1:${port}`,
  }).finished;
  expect(code).toBe(2);
  expect(seen[0]).toMatch(/receiver\.invalid/);
});
