// What an audit entry states and keeps of a body beyond its report.

import { expect, test } from 'vitest';
import { MAX_KEPT_BYTES } from '../../src/execution/body-notes.ts';
import type { BodyNotes } from '../../src/execution/event.ts';
import type { Execution } from '../../src/execution/execution.ts';
import { transition } from '../../src/execution/transition.ts';
import { anExecution, completed, RUNNING } from '../support/executions.ts';

const NOW = 1_000_000;
const pending: Execution = { ...anExecution({}, NOW), status: 'PENDING', executionId: 'e-1' };

const notesOn = (unread: BodyNotes['unread'], bytes = Buffer.from('{}')): BodyNotes => ({
  nonFinite: [],
  unread,
  profileLine: '"callback.result": "/output"',
  body: { bytes, contentType: 'application/json' },
});
const OUTPUT = { pointer: '/output', text: null };

function callbackWith(execution: Execution, notes: BodyNotes, report = completed()) {
  return transition(execution, { type: 'callback', executionId: null, report, notes }, NOW).entry;
}

test('the body that ends an execution is kept if it has members that the profile does not read', () => {
  const { detail, body } = callbackWith(pending, notesOn([OUTPUT]));
  expect(detail).toMatchObject({ unread: ['/output'], profileLine: '"callback.result": "/output"' });
  expect(body).toEqual({ bytes: Buffer.from('{}'), contentType: 'application/json' });
});

test('the body of a late result is kept likewise, and so is a poll or submit response that ends an execution', () => {
  const notes = notesOn([OUTPUT]);
  const response = { report: completed(), notes, httpStatus: 200, latencyMs: 1 };
  const events = [
    transition(
      { ...pending, status: 'TIMEOUT', resolvedAt: NOW },
      { type: 'callback', executionId: null, report: completed(), notes },
      NOW,
    ),
    transition(pending, { type: 'polled', ...response, final: false, nextPollAt: NOW }, NOW),
    transition(pending, { type: 'submitted', ...response, executionId: 'e-1', spreadMs: 0 }, NOW),
  ];
  expect(events.map(({ entry }) => [entry.event, entry.body === null])).toEqual([
    ['CALLBACK_LATE', false],
    ['POLL_COMPLETED', false],
    ['SUBMITTED', false],
  ]);
});

test('repeated ids are not lost, and a callback that ends nothing is not kept', () => {
  const ids = [pending.executionId, pending.correlationId, pending.actionId];
  const echoes = ids.map((text) => ({ pointer: `/${text}`, text }));
  const repeated = callbackWith(pending, notesOn(echoes));
  expect([repeated.body, repeated.detail['unread']]).toEqual([null, undefined]);
  expect(callbackWith(pending, notesOn([...echoes, OUTPUT])).detail['unread']).toEqual(['/output']);
  expect(callbackWith(pending, notesOn([OUTPUT]), RUNNING).body).toBeNull();
  const ended: Execution = { ...pending, status: 'COMPLETED', result: 'another' };
  expect(callbackWith(ended, notesOn([OUTPUT])).body).toBeNull();
});

test('the beginning of a large body is kept, and the entry states the full size', () => {
  const { detail, body } = callbackWith(pending, notesOn([OUTPUT], Buffer.alloc(MAX_KEPT_BYTES + 7)));
  expect(body?.bytes.length).toBe(MAX_KEPT_BYTES);
  expect(detail['bodyBytes']).toBe(MAX_KEPT_BYTES + 7);
});

test('NaN and Infinity are named in the audit entry', () => {
  const notes = { ...notesOn([]), profileLine: null, nonFinite: ['/result/score'] };
  expect(callbackWith(pending, notes).detail).toMatchObject({ nonFinite: ['/result/score'] });
  expect(callbackWith(pending, notes, RUNNING).detail).toMatchObject({ nonFinite: ['/result/score'] });
});
