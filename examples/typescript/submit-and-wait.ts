// Submits an execution, waits for its outcome and prints it.
//   RECEIVER_URL=http://127.0.0.1:8080 RECEIVER_KEY=… npx node -C receiver-source examples/typescript/submit-and-wait.ts

import { createClient, ReceiverError } from 'cxone-callback-receiver/client';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '' } = process.env;
const client = createClient({ baseUrl: RECEIVER_URL, key: RECEIVER_KEY });

try {
  // The client chooses the correlationId before it sends the submission: it retries lost responses, and the action runs once.
  const execution = await client.submitAndWait(
    { actionId: 'look-up-customer', inputs: { phone: '+43 1 234' } },
    { timeoutMs: 60_000 },
  );
  console.log(`${execution.correlationId} ${execution.status} ${JSON.stringify(execution.result ?? execution.error)}`);
} catch (error) {
  if (!(error instanceof ReceiverError)) throw error;
  console.error(error.message);
  // The execution may still be running: see client.get(correlationId).
  if (error.correlationId !== null) console.error(`look for ${error.correlationId}`);
  process.exitCode = 1;
}
