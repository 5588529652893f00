// The reader returns the same events however the network cuts the stream.

import { expect, test } from 'vitest';
import { createEventReader } from '../../src/client/live.ts';

const STREAM = [
  ': welcome\nretry: 2500\n\n',
  'id: 7\r\nevent: ACCEPTED\r\ndata: {"a":1}\r\n\r\n',
  'id:8\rdata: one\rdata:two\r\r',
  ': heartbeat\n\n',
  'id: 9\n\n',
  'data\nunknown: field\n\n',
  'data: never finished\n',
].join('');

const READ = [
  { id: undefined, data: null, retryMs: 2500 },
  { id: '7', data: '{"a":1}', retryMs: undefined },
  { id: '8', data: 'one\ntwo', retryMs: undefined },
  { id: undefined, data: null, retryMs: undefined },
  { id: '9', data: null, retryMs: undefined },
  { id: undefined, data: '', retryMs: undefined },
];

test('blocks, line ends of any kind, comments, hints and an unfinished end', () => {
  expect(createEventReader()(STREAM)).toEqual(READ);
});

test('cut anywhere it reads the same', () => {
  for (let at = 0; at <= STREAM.length; at += 1) {
    const read = createEventReader();
    expect([...read(STREAM.slice(0, at)), ...read(STREAM.slice(at))], `cut at ${at}`).toEqual(READ);
  }
});

test('character by character it reads the same', () => {
  const read = createEventReader();
  expect([...STREAM].flatMap((letter) => read(letter))).toEqual(READ);
});
