// The catalogue of fates is complete and consistent.

import { describe, expect, test } from 'vitest';
import { AUDIT_EVENTS } from '../../../src/execution/event.ts';
import { catalogue, findFate } from '../../../src/simulator/fates/catalogue.ts';

test('every fate has a name that fits a table, a line about it, and is found by its name', () => {
  expect(catalogue.length).toBeGreaterThan(40);
  for (const entry of catalogue) {
    expect(entry.fate).toMatch(/^[a-z0-9-]{1,25}$/);
    expect(entry.about.length).toBeGreaterThan(10);
    expect(findFate(entry.fate)).toBe(entry);
  }
  expect(findFate('no-such-fate')).toBeUndefined();
});

describe.for(catalogue)('$fate', ({ script, submission, expect: promise }) => {
  test('suggests a submission that the receiver accepts', () => {
    expect(submission.timeoutSeconds).toBeGreaterThanOrEqual(5);
    expect(submission.timeoutSeconds).toBeLessThanOrEqual(120);
    expect(submission.graceSeconds).toBeGreaterThanOrEqual(0);
  });

  test('expects audit events that exist', () => {
    for (const event of promise.audit) expect(AUDIT_EVENTS).toContain(event);
  });

  test('is over early enough for a demo of a minute', () => {
    const { runMs = 500, callbacks = [{}] } = 'callbacks' in script || 'runMs' in script ? script : {};
    const last = Math.max(0, ...callbacks.map(({ afterMs = 0 }: { afterMs?: number }) => runMs + afterMs));
    expect(last).toBeLessThan(20_000);
  });

  test('never repeats a POST unless it certainly did not run or the submission allows it', () => {
    if (promise.posts > 1 && submission.retryUncertain !== true) {
      const repeated = 'submits' in script ? script.submits.slice(0, -1) : [];
      for (const step of repeated) expect([401, 425, 429, 503]).toContain(step.answer);
    }
    expect(promise.runs).toBeLessThanOrEqual(1);
  });
});
