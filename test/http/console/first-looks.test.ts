// The looks at pages after the start, before any operator opens one.

import { expect, test, vi } from 'vitest';
import { startHttp } from '../harness.ts';
import { visitor } from './visitor.ts';

test('the pages that are opened first are made once before, and no log or metric counts that', async () => {
  const listed = vi.fn(async () => ({ items: [], next: null }));
  const counted = vi.fn();
  const opened = vi.fn(async () => ({ items: [], more: false }));
  await using http = await startHttp({
    store: { list: listed, listIncidents: opened },
    metrics: { observeRequest: counted, observeKeyRefusal: counted },
  });
  await http.handler.prepare();
  expect([listed.mock.calls.length, opened.mock.calls.length]).toEqual([1, 1]);
  expect(counted).not.toHaveBeenCalled();
  expect(http.logLines).toEqual([]);
  expect((await visitor(http).get('/')).status).toBe(200);
});

test('a listener for callbacks has no pages to make', async () => {
  const listed = vi.fn(async () => ({ items: [], next: null }));
  await using http = await startHttp({ role: 'webhook', store: { list: listed } });
  await http.handler.prepare();
  expect(listed).not.toHaveBeenCalled();
});
