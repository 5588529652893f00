// Submits an execution and receives its outcome as a notification: a small server that accepts only signed requests.
//   RECEIVER_KEY=… PORT=9000 NOTIFY_URL=http://127.0.0.1:9000/ npx node -C receiver-source examples/typescript/receive-notifications.ts
// NOTIFY_URL is the URL at which the receiver reaches this server. Unless it is public https, list it in NOTIFY_ALLOWED_HOSTS of the receiver.

import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createClient, ReceiverError, verifyNotification } from 'cxone-callback-receiver/client';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '', PORT = '9000' } = process.env;
const { NOTIFY_URL = `http://127.0.0.1:${PORT}/` } = process.env;

const client = createClient({ baseUrl: RECEIVER_URL, key: RECEIVER_KEY });
const { secrets } = await client.request<{ secrets: string[] }>('GET', '/v1/notifications/secrets');
const known = new Set<string>();

const server = createServer(async (request, response) => {
  try {
    // The received bytes: serialized again, they would have another signature.
    const notification = await verifyNotification(secrets, request.headers, await buffer(request));
    // Notifications can repeat. Store the ids and the outcomes in your database before you respond with 2xx.
    const id = String(request.headers['webhook-id']);
    if (!known.has(id)) {
      const { correlationId, status, result } = notification.data;
      console.log(`${notification.type} ${correlationId} ${status} ${JSON.stringify(result)}`);
    }
    known.add(id);
    response.writeHead(204).end();
  } catch (error) {
    console.error(error instanceof ReceiverError ? error.message : error);
    response.writeHead(error instanceof ReceiverError ? 400 : 500).end();
  }
});

server.listen(Number(PORT), '127.0.0.1', async () => {
  const submission = { actionId: 'look-up-customer', inputs: { phone: '+43 1 234' }, notifyUrl: NOTIFY_URL };
  const { correlationId } = await client.submit(submission);
  console.log(`submitted ${correlationId}`);
});
