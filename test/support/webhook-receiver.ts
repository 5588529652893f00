// An app's endpoint for notifications on loopback: it returns the responses that a test sets, and keeps the requests.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ReceivedNotification {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `hang`: no response, ever; `stall`: headers without the body; otherwise a status, headers and body. */
export type WebhookAnswer =
  | 'hang'
  | { readonly stall: number }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

export interface WebhookReceiver {
  readonly url: string;
  readonly origin: string;
  /** The response to each request from now on; may be changed at any time. */
  answer: (notification: ReceivedNotification) => WebhookAnswer;
  readonly received: ReceivedNotification[];
  /** The number of connections made to it. */
  readonly connections: number;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  let connections = 0;
  const server = createServer(async (request, response) => {
    const notification = await read(request);
    receiver.received.push(notification);
    give(response, receiver.answer(notification));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const receiver: WebhookReceiver = {
    url: `${origin}/hook`,
    origin,
    answer: () => ({ status: 204 }),
    received: [],
    get connections() {
      return connections;
    },
  };
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return receiver;
}

async function read(request: IncomingMessage): Promise<ReceivedNotification> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // Aborted by the sender.
  }
  const { method = '', url: path = '' } = request;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return { method, path, headers, body: Buffer.concat(chunks).toString() };
}

function give(response: ServerResponse, answer: WebhookAnswer): void {
  if (answer === 'hang') return;
  if ('stall' in answer) {
    response.writeHead(answer.stall, { 'content-length': '100' });
    response.write('and then');
    return;
  }
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
