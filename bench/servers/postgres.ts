// The obvious server build: Hono and PostgreSQL, each callback and each submission in a transaction of its own.
// Arguments: the URL of a database from `fillObvious`, the secret of the callback URLs, the key of the app.

import { timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import * as v from 'valibot';
import { CALLBACK_PATH, createSignedUrls } from '../../src/callbacks/signed-url.ts';
import { readOutcome } from './callback.ts';
import { openObviousStore } from './obvious-on-postgres.ts';
import { serve } from './serve.ts';

const [, , url = '', secret = '', key = ''] = process.argv;

const store = openObviousStore(url);
process.on('SIGTERM', () => void store.close().finally(() => process.exit(0)));

const SUBMISSION = v.object({
  actionId: v.pipe(v.string(), v.nonEmpty()),
  inputs: v.optional(v.record(v.string(), v.unknown()), {}),
  context: v.optional(v.record(v.string(), v.unknown()), {}),
});

const urls = createSignedUrls('', [secret]);
const authorization = Buffer.from(`Bearer ${key}`);

function isAuthorized(header: string | undefined): boolean {
  const given = Buffer.from(header ?? '');
  return given.length === authorization.length && timingSafeEqual(given, authorization);
}

const app = new Hono();
app.post(`${CALLBACK_PATH}/:token`, async (c) => {
  const reference = urls.verify(c.req.param('token'));
  if (reference === null) return c.json({ error: 'not found' }, 404);
  const outcome = readOutcome(await c.req.json().catch(() => null));
  if (outcome === null) return c.json({ error: 'invalid' }, 422);
  const result = await store.record(reference, outcome);
  if (result === 'unknown') return c.json({ error: 'not found' }, 404);
  return c.json({ outcome: result }, result === 'mismatch' ? 409 : 200);
});
app.post('/v1/executions', async (c) => {
  if (!isAuthorized(c.req.header('authorization'))) return c.json({ error: 'unauthorized' }, 401);
  const parsed = v.safeParse(SUBMISSION, await c.req.json().catch(() => null));
  if (!parsed.success) return c.json({ error: 'invalid' }, 422);
  const { actionId, inputs, context } = parsed.output;
  const submission = { app: 'bench', actionId, inputs: JSON.stringify(inputs), context: JSON.stringify(context) };
  const correlationId = await store.submit(submission);
  return c.json({ correlationId, status: 'QUEUED' }, 202);
});
await serve(app);
