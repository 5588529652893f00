// A batch across the whole service: no valid item is lost, and a repetition of the batch charges no customer twice.

import { expect, test } from 'vitest';
import { type Stage, setStage } from './stage.ts';

const SIZE = 100;
const isBad = (n: number) => n % 10 === 3;

/** A hundred charges; every tenth is invalid in one way or another. */
function charges(simulate: object = { fate: 'callback' }): object[] {
  return Array.from({ length: SIZE }, (_, n) => ({
    actionId: isBad(n) && n % 20 === 3 ? 'no/such' : 'charge',
    // The callback comes, however far the clock moves until a busy machine has sent it.
    graceSeconds: 600,
    // The app names half of them.
    ...(n % 2 === 0 ? { correlationId: `charge-${n}` } : {}),
    inputs: { simulate, amount: n },
    ...(isBad(n) && n % 20 !== 3 ? { amuont: n } : {}),
  }));
}

function send(stage: Stage, executions: object[], more: object = {}) {
  const headers = { 'idempotency-key': '"end-of-month"' };
  return stage.request('POST', '/v1/executions/batch', { headers, body: { executions, ...more } });
}

function totalRuns(stage: Stage): number {
  return stage.simulator.executions().reduce((sum, { runs }) => sum + runs, 0);
}

/** Moves the clock until no execution is open. */
async function allEnd(stage: Stage): Promise<void> {
  for (let seconds = 0; (await open(stage)) > 0; seconds += 1) {
    if (seconds > 300) throw new Error(`${await open(stage)} have not ended`);
    await stage.pass(1_000);
  }
}

async function open(stage: Stage): Promise<number> {
  const { QUEUED, UNCONFIRMED, PENDING } = await stage.service().store.openCounts();
  return QUEUED + UNCONFIRMED + PENDING;
}

test('the valid items of a hundred run and end, and a repetition of the batch charges no customer twice', async () => {
  const stage = await setStage();
  stage.simulator.outage({ answer: 503, ms: 5_000, calls: ['execute'] });
  const first = await send(stage, charges());
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({ accepted: 90, refused: 10 });
  const statuses = first.body.items.map(({ status }: { status: number }) => status);
  expect(statuses).toEqual(Array.from({ length: SIZE }, (_, n) => (isBad(n) ? 422 : 202)));

  // Its response is lost, so the app sends it again: twice at once, and again after a restart while all items are still queued.
  const again = await Promise.all([send(stage, charges()), send(stage, charges())]);
  await stage.restart();
  again.push(await send(stage, charges()));
  await allEnd(stage);
  again.push(await send(stage, charges()));

  for (const { status, headers, body } of again) {
    expect([status, headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(body).toEqual(first.body);
  }
  const ids = first.body.items.flatMap(({ execution }: { execution?: { correlationId: string } }) =>
    execution === undefined ? [] : [execution.correlationId],
  );
  expect(new Set(ids).size).toBe(90);
  for (const id of ids) {
    expect(await stage.get(id)).toMatchObject({ status: 'COMPLETED' });
    expect(stage.simulator.execution(id)?.runs).toBe(1);
  }
  expect(totalRuns(stage)).toBe(90);
});

test('an atomic batch with one invalid charge charges no customer; without that charge it charges all of them', async () => {
  const stage = await setStage();
  const refused = await send(stage, charges(), { atomic: true });
  expect([refused.status, refused.body.errors.length]).toEqual([422, 10]);
  await stage.pass(2_000);
  expect([totalRuns(stage), await open(stage)]).toEqual([0, 0]);
  const good = charges().filter((_, n) => !isBad(n));
  expect((await send(stage, good, { atomic: true })).body).toMatchObject({ accepted: 90, refused: 0 });
  await allEnd(stage);
  expect(totalRuns(stage)).toBe(90);
});

test('a batch that exceeds the queue is completed by its repetition, and no customer is charged twice', async () => {
  const stage = await setStage({ QUEUE_CAPACITY: '25' });
  stage.simulator.outage({ answer: 503, ms: 5_000, calls: ['execute'] });
  const first = await send(stage, charges());
  expect(first.body).toMatchObject({ accepted: 25, refused: 75 });
  let { accepted } = first.body;
  for (let tries = 0; accepted < 90 && tries < 20; tries += 1) {
    await allEnd(stage);
    ({ accepted } = (await send(stage, charges())).body);
  }
  expect(accepted).toBe(90);
  await allEnd(stage);
  expect(totalRuns(stage)).toBe(90);
  expect(stage.simulator.executions().map(({ runs }) => runs)).toEqual(Array(90).fill(1));
});
