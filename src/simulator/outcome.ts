// The status of a run, in the form of a CXone response; the bodies of callbacks (JSON, a form, cut off or too large), and the URL of a forged one.

import type { JsonObject } from '../execution/json.ts';
import type { CallbackStep, Run } from './script.ts';

/** Returns `{executionId, status, result?, error?}` at a time. */
export function currentStatus(run: Run, now: number): JsonObject {
  const { script } = run;
  if (script.outcome === 'never' || now < run.endsAt) return runningStatus(run);
  return script.outcome === 'completed'
    ? {
        executionId: run.executionId,
        status: script.word ?? 'COMPLETED',
        result: script.result === undefined ? run.echo : script.result,
      }
    : { executionId: run.executionId, status: script.word ?? 'FAILED', error: script.error };
}

/** Returns the final status at any time, so that a callback that is sent slightly early has the outcome. */
export function finalStatus(run: Run): JsonObject {
  return currentStatus(run, Number.POSITIVE_INFINITY);
}

function runningStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'RUNNING' };
}

/** Returns an outcome that contradicts the true one. */
function contradictingStatus(run: Run): JsonObject {
  return { executionId: run.executionId, status: 'COMPLETED', result: { untrue: true } };
}

/** Above the receiver's limit of 1 MiB. */
const OVERSIZE_BYTES = 1_250_000;

export function composeCallback(run: Run, step: CallbackStep): { text: string; contentType: string } {
  const said = named(whatItSays(run, step.says ?? 'outcome'), run, step.names ?? 'itself');
  const json = JSON.stringify(said);
  switch (step.body ?? 'json') {
    case 'json':
      return { text: json, contentType: 'application/json' };
    case 'form':
      return { text: asForm(said), contentType: 'application/x-www-form-urlencoded' };
    case 'garbled':
      return { text: json.slice(0, json.length / 2), contentType: 'application/json' };
    case 'oversized':
      return {
        text: JSON.stringify({ ...said, filling: 'x'.repeat(OVERSIZE_BYTES) }),
        contentType: 'application/json',
      };
  }
}

/** Returns the URL with one character of its signature changed; a callback URL ends in its signature. */
export function forgedUrl(url: string): string {
  // Not the last character: some of its bits are unused in base64.
  const at = url.length - 8;
  return `${url.slice(0, at)}${url[at] === 'A' ? 'B' : 'A'}${url.slice(at + 1)}`;
}

function whatItSays(run: Run, says: NonNullable<CallbackStep['says']>): JsonObject {
  switch (says) {
    case 'outcome':
      return finalStatus(run);
    case 'progress':
      return runningStatus(run);
    case 'another outcome':
      return contradictingStatus(run);
  }
}

function named(said: JsonObject, run: Run, names: NonNullable<CallbackStep['names']>): JsonObject {
  switch (names) {
    case 'itself':
      return said;
    case 'in lower case':
      return { ...said, executionId: run.idText.toLowerCase() };
    case 'another':
      return { ...said, executionId: `not-${run.idText}` };
    case 'none': {
      const { executionId: _executionId, ...rest } = said;
      return rest;
    }
  }
}

function asForm(said: JsonObject): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return form.toString();
}
