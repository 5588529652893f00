// The control endpoints, for tests in any language: records, outages, reset. They have no authentication, so bind to loopback only.

import { Hono } from 'hono';
import * as v from 'valibot';
import { catalogue } from './fates/catalogue.ts';
import { json } from './responses.ts';
import { HeaderFields } from './script.ts';
import type { Simulator } from './simulator.ts';

export const CONTROL_HELP = `GET  /readyz                                 200 while the simulator listens, in every mode (also with --replay)
GET  /simulator/stats                        sums: requests, responses, runs, callbacks, peak of requests in flight
GET  /simulator/executions                   the record of each correlation id: posts, runs, polls, callbacks and responses
GET  /simulator/executions/{correlationId}   one record
GET  /simulator/fates                        the catalogue of fates, with the expected outcome of each
POST /simulator/outage                       {"answer": 503, "seconds": 5, "calls": ["execute"]}
                                             answer: a status, "reset", "hang" or "cut" (the usual response without its
                                             last chunk); seconds: 0 ends it; calls: any of "token", "execute", "poll",
                                             default: all; retryAfterSeconds; headers ({"ratelimit": "…"})
POST /simulator/move                         {"to": "http://127.0.0.1:8091", "answer": 404}
                                             discovery names another address of this simulator (--move-after opens
                                             one), and all others give this answer to executes and polls: a status,
                                             "reset" or "hang"; {"to": null} ends it
POST /simulator/executions/{correlationId}/release
                                             sends the callbacks that its script holds ("held": true)
POST /simulator/revoke-tokens                revokes all tokens: each of them gets 401
POST /simulator/reset                        deletes all state: executions, pending callbacks, sums, tokens, outage, move`;

const OutageBody = v.strictObject({
  answer: v.union(
    [v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)), v.picklist(['reset', 'hang', 'cut'])],
    'Expected a status from 200 to 599, "reset", "hang" or "cut"',
  ),
  retryAfterSeconds: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(86_400))),
  headers: v.exactOptional(HeaderFields),
  seconds: v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)),
  calls: v.exactOptional(v.array(v.picklist(['token', 'execute', 'poll']))),
});

const MoveBody = v.union(
  [
    v.strictObject({ to: v.null() }),
    v.strictObject({
      to: v.pipe(v.string(), v.regex(/^https?:\/\/[^/?#]+$/)),
      answer: v.union([
        v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
        v.picklist(['reset', 'hang']),
      ]),
    }),
  ],
  'Expected {"to": null}, or {"to": an origin, "answer": a status from 200 to 599, "reset" or "hang"}',
);

type Controlled = Pick<
  Simulator,
  'stats' | 'executions' | 'execution' | 'outage' | 'release' | 'move' | 'revokeTokens' | 'reset'
>;

export function createControlRoutes(simulator: Controlled): Hono {
  const control = new Hono();
  control.get('/', (c) => c.text(`${CONTROL_HELP}\n`));
  control.get('/stats', () => json(200, simulator.stats()));
  control.get('/fates', () => json(200, { items: catalogue }));
  control.get('/executions', () => json(200, { items: simulator.executions() }));
  control.get('/executions/:correlationId', (c) => {
    const record = simulator.execution(c.req.param('correlationId'));
    return record === undefined
      ? json(404, { message: 'there is no record of this correlation id' })
      : json(200, record);
  });
  control.post('/outage', async (c) => {
    const read = v.safeParse(OutageBody, await c.req.json().catch(() => null));
    if (!read.success) {
      const [issue] = read.issues;
      return json(400, { message: `${v.getDotPath(issue) ?? 'the body'}: ${issue.message}` });
    }
    const { seconds, ...order } = read.output;
    simulator.outage({ ...order, ms: seconds * 1000 });
    return json(200, read.output);
  });
  control.post('/move', async (c) => {
    const read = v.safeParse(MoveBody, await c.req.json().catch(() => null));
    if (!read.success) return json(400, { message: read.issues[0].message });
    simulator.move('answer' in read.output ? read.output : null);
    return json(200, read.output);
  });
  control.post('/executions/:correlationId/release', (c) => {
    simulator.release(c.req.param('correlationId'));
    return json(200, {});
  });
  control.post('/revoke-tokens', () => {
    simulator.revokeTokens();
    return json(200, {});
  });
  control.post('/reset', () => {
    simulator.reset();
    return json(200, {});
  });
  return control;
}
