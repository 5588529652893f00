// Delivers one notification to a URL whose host resolves to this machine, and prints the receipt. It runs in a process of
// its own because a process reads its trusted authorities only at start.

import { systemWorld } from '../../src/lib/world.ts';
import { createWebhookSender } from '../../src/webhooks/sender.ts';
import { createUrlPolicy } from '../../src/webhooks/url-policy.ts';

const url = process.argv[2] ?? '';
const courier = createWebhookSender({
  policy: createUrlPolicy([{ app: 'shop', origin: new URL(url).origin }]),
  secretsOf: () => [`whsec_${Buffer.alloc(32, 1).toString('base64')}`],
  world: systemWorld,
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
});
const parcel = { id: 'msg_1', app: 'shop', url, body: '{}', traceparent: null, tracestate: null };
process.stdout.write(`${JSON.stringify(await courier.deliver(parcel))}\n`);
courier.close();
