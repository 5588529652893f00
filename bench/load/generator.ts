// The process of the load generator: takes orders one by one, sends raw requests, and reports the results.

import type { LoadOrder, LoadOutcome, LoadReply } from './client.ts';
import { bytesOf, type LoadRequest, readRequests } from './requests.ts';
import { sendAll } from './send.ts';

/** By file: slices use the same ones by turns. */
const files = new Map<string, readonly LoadRequest[]>();

async function run(order: LoadOrder): Promise<LoadOutcome> {
  const requests = files.get(order.file) ?? (await readRequests(order.file));
  files.set(order.file, requests);
  const close = order.mode.kind === 'fresh' ? { connection: 'close' } : {};
  const headers = Object.entries({ ...order.headers, ...close })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const chosen = requests.slice(order.from, order.from + order.most);
  if (chosen.length === 0) throw new Error(`no requests are left in ${order.file} after ${order.from}`);
  return sendAll(
    order,
    chosen.map((request) => bytesOf(request, headers)),
  );
}

async function reply(order: LoadOrder): Promise<void> {
  const said: LoadReply = await run(order).then(
    (outcome) => ({ load: 'done', outcome }),
    (error: unknown) => ({ load: 'failed', reason: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(said);
}

process.on('message', (message: object) => {
  if ('mode' in message) void reply(message as LoadOrder);
});
process.channel?.ref();
process.send?.({ load: 'ready' });
