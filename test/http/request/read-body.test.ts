// Large bodies that arrive at the same time are inspected one chunk after the other, with turns for other work in between.

import { expect, test } from 'vitest';
import { readBody } from '../../../src/http/request/read-body.ts';

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const CHUNKS = 4;

/** A request whose whole body has arrived. */
function aRequest(): Request {
  const body = new ReadableStream({
    start: (controller) => {
      for (let i = 0; i < CHUNKS; i += 1) controller.enqueue(CHUNK);
      controller.close();
    },
  });
  const headers = { 'transfer-encoding': 'chunked' };
  return new Request('http://receiver.example/', { method: 'POST', body, headers, duplex: 'half' });
}

test('in one turn of the event loop, one chunk of all bodies is inspected', async () => {
  let turn = 0;
  let isOver = false;
  const next = () => {
    turn += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  const turns: number[] = [];
  const inspect = () => {
    turns.push(turn);
    return true;
  };
  const bodies = await Promise.all([1, 2, 3].map(() => readBody(aRequest(), 1024 * 1024, { inspect })));
  isOver = true;
  expect(bodies.map(({ type }) => type)).toEqual(['whole', 'whole', 'whole']);
  expect(turns).toHaveLength(3 * CHUNKS);
  expect(new Set(turns).size).toBe(turns.length);
});
