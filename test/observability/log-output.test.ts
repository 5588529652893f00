// The log never blocks the process: a stuck, closed or failing reader costs lines, and the loss is reported.

import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLogOutput, type LineStream } from '../../src/observability/log-output.ts';

const LINE = `${'x'.repeat(1023)}\n`;

/** A stream whose reader takes a line only when the test allows it. */
function createSlowStream() {
  const written: string[] = [];
  let take = () => {};
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => {
      written.push(String(chunk));
      take = () => done();
    },
  });
  return { stream, written, take: () => take() };
}

test('writes the lines of one turn of the event loop together, in their order', async () => {
  const { stream, written } = createSlowStream();
  const output = createLogOutput(stream, () => expect.unreachable());
  output.write('1\n');
  output.write('2\n');
  await turn();
  expect(written).toEqual(['1\n2\n']);
});

test('drops lines while the reader is stuck, and reports their number when it reads again', async () => {
  const { stream, written, take } = createSlowStream();
  const reports: number[] = [];
  const output = createLogOutput(stream, (lines) => reports.push(lines));
  for (let line = 0; line < 5_000; line += 1) output.write(LINE);
  await turn();
  expect(stream.writableLength).toBe(4096 * 1024 + 1024);
  take();
  await turn();
  output.write('next\n');
  await turn();
  expect(reports).toEqual([5_000 - 4_097]);
  expect(written.at(-1)).toBe('next\n');
});

test('is drained at once when the reader has exited, whatever is written afterwards', async () => {
  const stream = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('write EPIPE')),
  });
  const output = createLogOutput(stream, () => expect.unreachable());
  output.write(LINE);
  await output.drained();
  output.write(LINE);
  await output.drained();
});

test('is not drained while a stuck reader has lines left, and is once it has read them', async () => {
  const { stream, take } = createSlowStream();
  const output = createLogOutput(stream, () => expect.unreachable());
  output.write(LINE);
  let isDrained = false;
  const drained = output.drained().then(() => {
    isDrained = true;
  });
  await turn();
  expect(isDrained).toBe(false);
  take();
  await turn();
  take();
  await drained;
});

test('continues after a full disk, and reports the number of lost lines', async () => {
  let isFull = true;
  const written: string[] = [];
  const file: LineStream = {
    writableLength: 0,
    on: () => file,
    write: (text, done) => {
      if (!isFull) written.push(text);
      done(isFull ? new Error('ENOSPC: no space left on device, write') : null);
    },
  };
  const reports: number[] = [];
  const output = createLogOutput(file, (lines) => reports.push(lines));
  output.write('1\n');
  output.write('2\n');
  await turn();
  isFull = false;
  output.write('3\n');
  await turn();
  await turn();
  expect([written, reports]).toEqual([['3\n'], [2]]);
});
