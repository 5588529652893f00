// Submits an execution, waits for its outcome and prints it.
//   RECEIVER_URL=http://127.0.0.1:8080 RECEIVER_KEY=… npx node -C receiver-source examples/typescript/submit-and-wait.ts

import { createClient, ReceiverError } from 'cxone-callback-receiver/client';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '' } = process.env;
const client = createClient({ baseUrl: RECEIVER_URL, key: RECEIVER_KEY });

try {
  // Repeated when an answer is lost, and still run once: the client names the submission before it sends it.
  const ended = await client.submitAndWait(
    { actionId: 'look-up-customer', inputs: { phone: '+43 1 234' } },
    { timeoutMs: 60_000 },
  );
  console.log(`${ended.correlationId} ${ended.status} ${JSON.stringify(ended.result ?? ended.error)}`);
} catch (error) {
  if (!(error instanceof ReceiverError)) throw error;
  console.error(error.message);
  // It may be running all the same: client.get(correlationId) tells.
  if (error.correlationId !== null) console.error(`look for ${error.correlationId}`);
  process.exitCode = 1;
}
