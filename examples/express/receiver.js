// Receives notifications with Express: accepts only signed requests, and prints each outcome once.
//   cd examples/express && npm install && PORT=9000 npm start      (with RECEIVER_URL and RECEIVER_KEY)

import express from 'express';
import { Webhook } from 'standardwebhooks';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '', PORT = '9000' } = process.env;

const response = await fetch(`${RECEIVER_URL}/v1/notifications/secrets`, {
  headers: { authorization: `Bearer ${RECEIVER_KEY}` },
});
if (!response.ok) throw new Error(`the secrets cannot be read: ${await response.text()}`);
const { secrets } = await response.json();
const webhooks = secrets.map((secret) => new Webhook(secret));
const known = new Set();

/** While secrets are rotated, any of them may have signed. */
function isGenuine(body, headers) {
  return webhooks.some((webhook) => {
    try {
      webhook.verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
}

const app = express();
// express.json() would parse the body, and serialized again it would have another signature.
app.post('/', express.text({ type: () => true, limit: '16mb' }), (request, response) => {
  if (!request.body || !isGenuine(request.body, request.headers)) return response.sendStatus(400);
  // Notifications can repeat. Store the ids and the outcomes in your database before you respond with 2xx.
  const id = request.headers['webhook-id'];
  if (!known.has(id)) {
    const { type, data } = JSON.parse(request.body);
    console.log(`${type} ${data.correlationId} ${data.status} ${JSON.stringify(data.result)}`);
  }
  known.add(id);
  response.sendStatus(204);
});
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}/`));
