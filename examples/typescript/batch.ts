// Submits a batch under an idempotency key. A second run with the same key executes nothing again.
//   RECEIVER_KEY=… BATCH=reminders-2026-01-31 npx node -C receiver-source examples/typescript/batch.ts

import { createClient } from 'cxone-callback-receiver/client';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '', BATCH = 'reminders-2026-01-31' } = process.env;
const client = createClient({ baseUrl: RECEIVER_URL, key: RECEIVER_KEY });

const customers = ['4711', '4712', '4713'];
const submissions = customers.map((customer) => ({ actionId: 'send-reminder', inputs: { customer }, priority: 2 }));
const { items, accepted, refused } = await client.submitBatch(submissions, { idempotencyKey: BATCH });

console.log(`${accepted} accepted, ${refused} refused`);
for (const [index, item] of items.entries()) {
  const customer = customers[index];
  if ('execution' in item) console.log(`${customer} ${item.execution.correlationId}`);
  else console.log(`${customer} ${item.problem.title}: ${item.problem.detail}`);
}
