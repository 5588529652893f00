// A loopback proxy between an app and the receiver. It loses responses on demand and outlives the receiver.

import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface LossyProxy {
  readonly url: string;
  /** Forwarded requests, for example "POST /v1/executions". */
  readonly passed: string[];
  /** Loses the next responses: forwards the request, and cuts the connection when the response arrives. */
  loseAnswers(count: number): void;
  /** Cuts every open connection, for example those of streams. */
  cut(): void;
}

/** @param target the current URL of the receiver. */
export async function startProxy(target: () => string): Promise<LossyProxy> {
  let toLose = 0;
  const passed: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const loses = toLose > 0;
    if (loses) toLose -= 1;
    const { host: _, ...kept } = headers;
    const onward = forward(`${target()}${url}`, { method, headers: kept, agent: false }, (response) => {
      passed.push(`${method} ${url}`);
      if (loses) {
        response.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.once('aborted', () => incoming.socket.destroy());
      response.pipe(outgoing);
      // Otherwise the head of a stream would wait for its first event.
      outgoing.flushHeaders();
    });
    // An app sees the same when the receiver is down.
    onward.once('error', () => incoming.socket.destroy());
    outgoing.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    loseAnswers: (count) => {
      toLose = count;
    },
    cut: () => server.closeAllConnections(),
  };
}
