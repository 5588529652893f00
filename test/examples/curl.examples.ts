// The shell examples do what they state, and need only curl.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { testExamples } from './promises.ts';
import { setStage } from './stage.ts';

testExamples({
  command: 'sh',
  submitAndWait: 'curl/submit-and-wait.sh',
  batch: 'curl/batch.sh',
  followEvents: 'curl/follow-events.sh',
});

test('curl/notifications.sh lists the dead letters and sends them again', async () => {
  const stage = await setStage();
  const { code, stdout, stderr } = await stage.run('sh', 'curl/notifications.sh').finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').map((line) => JSON.parse(line))).toEqual([
    { items: [], nextCursor: null },
    { replayed: 0 },
  ]);
});

test('a response after a repeated attempt is printed without the problem before it', async () => {
  let attempts = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      attempts += 1;
      if (attempts === 1) response.writeHead(503).end('{"title": "draining"}');
      else response.end('{"correlationId": "order-1"}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const stage = await setStage();
  const { code, stdout } = await stage.run('sh', 'curl/submit-and-notify.sh', {
    RECEIVER_URL: `http://127.0.0.1:${port}`,
    NOTIFY_URL: `http://127.0.0.1:${stage.appPort}/`,
  }).finished;
  expect({ code, attempts, response: JSON.parse(stdout) }).toEqual({
    code: 0,
    attempts: 2,
    response: { correlationId: 'order-1' },
  });
});
