// A proxy on loopback between an app and the receiver, that loses answers when told to and outlives the receiver behind it.

import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface LossyProxy {
  readonly url: string;
  /** Requests that were passed on, as "POST /v1/executions". */
  readonly passed: string[];
  /** The next answers are lost: the request is passed on, and the connection cut once the answer is here. */
  loseAnswers(count: number): void;
  /** Cuts every connection that is open now, such as those of streams. */
  cut(): void;
}

/** @param target where the receiver is just now. */
export async function startProxy(target: () => string): Promise<LossyProxy> {
  let toLose = 0;
  const passed: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const loses = toLose > 0;
    if (loses) toLose -= 1;
    const { host: _, ...kept } = headers;
    const onward = forward(`${target()}${url}`, { method, headers: kept, agent: false }, (answer) => {
      passed.push(`${method} ${url}`);
      if (loses) {
        answer.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once('aborted', () => incoming.socket.destroy());
      answer.pipe(outgoing);
      // Else the head of a stream would wait for its first event.
      outgoing.flushHeaders();
    });
    // As one sees a receiver that is not there.
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
