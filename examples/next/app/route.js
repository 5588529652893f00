// Receives notifications with a route handler of Next.js: accepts only signed requests, and prints each outcome once.
//   cd examples/next && npm install && PORT=9000 npm start      (with RECEIVER_URL and RECEIVER_KEY)

import { Webhook } from 'standardwebhooks';

const { RECEIVER_URL = 'http://127.0.0.1:8080', RECEIVER_KEY = '' } = process.env;

const known = new Set();

async function readSecrets() {
  const response = await fetch(`${RECEIVER_URL}/v1/notifications/secrets`, {
    headers: { authorization: `Bearer ${RECEIVER_KEY}` },
    cache: 'no-store',
  });
  if (!response.ok) throw new Error(`the secrets cannot be read: ${await response.text()}`);
  return (await response.json()).secrets;
}

/** While secrets are rotated, any of them may have signed. */
function isGenuine(secrets, body, headers) {
  return secrets.some((secret) => {
    try {
      new Webhook(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
}

export async function POST(request) {
  // request.json() would parse the body, and serialized again it would have another signature.
  const body = await request.text();
  const headers = Object.fromEntries(request.headers);
  if (body === '' || !isGenuine(await readSecrets(), body, headers)) return new Response(null, { status: 400 });
  // Notifications can repeat. Store the ids and the outcomes in your database before you respond with 2xx.
  const id = headers['webhook-id'];
  if (!known.has(id)) {
    const { type, data } = JSON.parse(body);
    console.log(`${type} ${data.correlationId} ${data.status} ${JSON.stringify(data.result)}`);
  }
  known.add(id);
  return new Response(null, { status: 204 });
}
