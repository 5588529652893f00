// What a callback looks like on the wire: JSON, a form, cut off or too large; and the URL a forger would try.

import type { JsonObject } from '../execution/json.ts';
import { contradictingStatus, finalStatus, runningStatus } from './outcome.ts';
import type { Run } from './run.ts';
import type { CallbackStep } from './script.ts';

/** Over the 1 MiB that a receiver takes. */
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

/** The same URL with one character of its signature, which is what it ends in, changed. */
export function forgedUrl(url: string): string {
  // Not the very last one: in base64 some of its bits carry nothing.
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
