// Room for large responses: who waits for whom, and when room is given back.

import { expect, test } from 'vitest';
import { createResponseRoom } from '../../../src/http/response/response-room.ts';

/** A connection that the test closes. */
function connection() {
  const listeners: (() => void)[] = [];
  let isClosed = false;
  return {
    destroy: () => {},
    onClose: (listener: () => void) => void (isClosed ? listener() : listeners.push(listener)),
    close: () => {
      isClosed = true;
      for (const listener of listeners) listener();
    },
  };
}

function open() {
  const { take } = createResponseRoom({ totalBytes: 30, callerBytes: 20 });
  const states: string[] = [];
  const ask = (caller: string, bytes: number, name: string) => {
    const client = connection();
    const room = take(caller, bytes, client);
    void room.then((one) => states.push(one === null ? `${name} left` : name));
    return { ...client, resize: async (to: number) => (await room)?.resize(to) };
  };
  return { ask, states, settled: () => new Promise(setImmediate) };
}

test('one caller has room for its share, and the next response waits until one has been sent', async () => {
  const { ask, states, settled } = open();
  const first = ask('shop', 15, 'a');
  ask('shop', 10, 'b');
  ask('shop', 5, 'c');
  await settled();
  expect(states).toEqual(['a']);
  first.close();
  await settled();
  expect(states).toEqual(['a', 'b', 'c']);
});

test('all callers share the total, but one that has nothing under way never waits', async () => {
  const { ask, states, settled } = open();
  ask('shop', 20, 'a');
  ask('other', 9, 'b');
  ask('other', 9, 'waits for the total');
  ask('third', 25, 'c');
  await settled();
  expect(states).toEqual(['a', 'b', 'c']);
});

test('a response of another size than expected leaves the rest to others', async () => {
  const { ask, states, settled } = open();
  const first = ask('shop', 20, 'a');
  ask('shop', 10, 'b');
  await settled();
  await first.resize(3);
  await settled();
  expect(states).toEqual(['a', 'b']);
});

test('a client that leaves takes no room, whether it waits, had its turn or had left before', async () => {
  const { ask, states, settled } = open();
  const first = ask('shop', 20, 'a');
  const waiting = ask('shop', 20, 'b');
  ask('shop', 20, 'c');
  waiting.close();
  first.close();
  first.close();
  await first.resize(20);
  await settled();
  expect(states).toEqual(['a', 'b left', 'c']);
  const { take } = createResponseRoom({ totalBytes: 30, callerBytes: 20 });
  const gone = connection();
  gone.close();
  expect(await take('shop', 20, gone)).toBeNull();
  expect(await take('shop', 20, connection())).not.toBeNull();
});

test('without a connection there is nothing to wait for', async () => {
  const { take } = createResponseRoom({ totalBytes: 30, callerBytes: 20 });
  for (let i = 0; i < 3; i += 1) expect(await take('shop', 20, null)).not.toBeNull();
});
