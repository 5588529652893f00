// A callback counts when it has arrived completely, whether or not its sender waits for the response. One that was cut off
// only causes a poll.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { head, wire } from '../harness.ts';
import { besiege, COMPLETED } from '../hostile.ts';

const FAILED = '{"status":"FAILED","error":"declined"}';
const CHUNKED = `${COMPLETED.length.toString(16)}\r\n${COMPLETED}\r\n0\r\n\r\n`;
const FRAMINGS = {
  'with a declared length': [{ 'content-length': `${COMPLETED.length}` }, COMPLETED],
  'in chunks': [{ 'transfer-encoding': 'chunked' }, CHUNKED],
} as const;
const ENDINGS = {
  'closes its half of the connection': (socket: Socket) => void socket.end(),
  'closes the connection': (socket: Socket) => void socket.end().destroySoon(),
  'resets the connection': (socket: Socket) => void socket.resetAndDestroy(),
} as const;

const cases = Object.entries(FRAMINGS).flatMap(([framing, [header, body]]) =>
  Object.entries(ENDINGS).map(([ending, end]) => ({
    ...{ framing, ending, body, end },
    header: header as Record<string, string>,
  })),
);

const headers = { 'content-type': 'application/json' };

/** Writes to a connection of its own and resolves when the kernel has all of it. */
async function send(port: number, path: string, framing: Record<string, string>, body: string): Promise<Socket> {
  const { socket } = wire(port);
  await once(socket, 'connect');
  await new Promise<void>((resolve) =>
    socket.write(head('POST', path, { ...headers, ...framing }) + body, () => resolve()),
  );
  return socket;
}

test.for(cases)('a complete callback $framing counts if its sender $ending before the response', async (given) => {
  const stage = await besiege();
  const { id, path } = await stage.waiting();
  given.end(await send(stage.port, path, given.header, given.body));
  await stage.untilStatus(id, 'COMPLETED');
});

test.for(cases)('a callback $framing that was cut off proves nothing if its sender $ending', async (given) => {
  const stage = await besiege();
  const { id, path } = await stage.waiting();
  given.end(await send(stage.port, path, given.header, given.body.slice(0, -4)));
  const whole = await send(stage.port, path, { 'content-length': `${FAILED.length}` }, FAILED);
  await once(whole, 'data');
  await stage.until(async () => (await stage.events(id)).length === 5);
  expect((await stage.events(id)).toSorted()).toEqual([
    'ACCEPTED',
    'CALLBACK_COMPLETED',
    'CALLBACK_UNREADABLE',
    'DISPATCHED',
    'SUBMITTED',
  ]);
  expect(await stage.get(id)).toMatchObject({ status: 'FAILED', error: 'declined' });
});
