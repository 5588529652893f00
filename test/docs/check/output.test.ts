// The output that a page shows fits what a run prints, except for what differs in each run; anything else is a difference.

import { expect, test } from 'vitest';
import { differenceFrom } from './output.ts';

const text = (shown: string, printed: string) => differenceFrom({ form: 'text', text: shown }, printed);
const json = (shown: string, printed: string) => differenceFrom({ form: 'json', text: shown }, printed);

test('ids, times, durations, sizes, ports and the widths of columns may differ', () => {
  const shown = '019a8f3e-0000-7000-8000-000000000000  2026-11-22T16:00:00.123Z  12 ms  1.5 MB\n──  127.0.0.1:8080';
  const printed =
    '019b8f3e-1111-7000-8000-00000000000a    2026-11-23T17:01:00.001Z  3,100 ms  22 MB\n─────  127.0.0.1:45123\n';
  expect(text(shown, printed)).toBeNull();
});

test('words, counts and the order of lines may not', () => {
  expect(text('3 executions', '4 executions')).toContain('3 executions');
  expect(text('a\nb', 'b\na')).toContain('other lines');
  expect(text('a', 'a\nb')).toContain('other lines');
  expect(text('a\nb', 'a')).toContain('no line is as the page shows: b');
  expect(text('a', '')).toContain('no line is as the page shows: a');
  expect(text('a.c', 'abc')).toContain('a.c');
});

test('an ellipsis stands for any text of a line, and alone for any lines', () => {
  expect(text('KEY=…\n…\nend', 'KEY=secret\n1\n2\nend')).toBeNull();
  expect(text('a\n…', 'a')).toBeNull();
  expect(text('…\nb', 'b')).toBeNull();
  expect(text('KEY=…', 'OTHER=secret')).toContain('KEY=');
  expect(text('a\n…\nend', 'a\n1')).toContain('end');
});

test('JSON is compared by value; layout, times and durations may differ', () => {
  expect(
    json(
      '{\n "status": "COMPLETED", "latencyMs": 1, "at": "2026-11-22T16:00:00.123Z", "key": "…" }',
      '{"at":"2026-01-01T00:00:00.000Z","latencyMs":20,"status":"COMPLETED","key":[1]}',
    ),
  ).toBeNull();
  expect(json('{"a": [1, {"b": 2}]}', '{"a":[1,{"b":3}]}')).toContain('/a/1/b');
  expect(json('{"a": 1}', '{"a":1,"c":2}')).toContain('/c');
  expect(json('{"a": 1, "c": null}', '{"a":1}')).toContain('/c');
  expect(json('{"a": {}}', '{"a":[]}')).toContain('/a');
  expect(json('{a}', '{}')).toContain('the page shows a document that is not JSON');
  expect(json('{}', 'no such thing')).toContain('the output is not JSON');
});
