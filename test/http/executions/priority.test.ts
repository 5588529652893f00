// An app says which of its own executions come first.

import { expect, test } from 'vitest';
import { startHttp } from '../harness.ts';

test('a priority is kept and passed on, and chosen differently it is another submission', async () => {
  await using http = await startHttp();
  const send = (body: object) => http.submit({ correlationId: 'order-1', ...body });
  expect((await send({ priority: 7 })).status).toBe(202);
  expect(await http.store.find('order-1')).toMatchObject({ priority: 7 });
  expect([(await send({ priority: 7 })).status, (await send({})).status, (await send({ priority: 8 })).status]).toEqual(
    [200, 409, 409],
  );
});

test('without a priority it has the usual one, written out or not', async () => {
  await using http = await startHttp();
  await http.submit({ correlationId: 'order-1' });
  expect(await http.store.find('order-1')).toMatchObject({ priority: 4 });
  expect((await http.submit({ correlationId: 'order-1', priority: 4 })).status).toBe(200);
});

test.for([-1, 10, 4.5, '9', null])('a priority of %j is refused by name', async (priority) => {
  await using http = await startHttp();
  const { status, json } = await http.submit({ priority });
  expect([status, json.errors]).toEqual([422, [{ pointer: '#/priority', detail: 'must be an integer from 0 to 9' }]]);
});
