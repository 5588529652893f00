// The payloads on the page of an execution: excerpts, with hidden values replaced. The store makes those of large documents.

import { html } from 'hono/html';
import type { Excerpt } from '../../execution/excerpt.ts';
import type { Execution } from '../../execution/execution.ts';
import { isJsonObject, type Json, LargeJson, writeJson } from '../../execution/json.ts';
import type { Masking } from '../../execution/masking.ts';
import type { ExecutionPayloads, StoredCallbackBody } from '../../store/payloads-port.ts';
import type { ExecutionReader } from '../../store/port.ts';
import type { Html } from '../html.ts';
import { moment } from './format.ts';
import { excerpt, MAX_PAYLOAD_CHARS, payload } from './timeline.ts';

export interface ShownPayloads {
  readonly part: Html;
  readonly hasHidden: boolean;
}

interface Payloads {
  readonly execution: Execution;
  readonly payloads: ExecutionPayloads;
}

interface Section {
  readonly name: string;
  readonly value: Json;
  /** The text of a large document; null for any other. */
  readonly large: string | null;
}

/** The script replaces payloads only when they have changed. */
export async function showPayloads(
  store: Pick<ExecutionReader, 'excerpts'>,
  { execution, payloads }: Payloads,
  masking: Masking,
): Promise<ShownPayloads> {
  const { bodies, prunedAt } = payloads;
  const sections = sectionsOf(execution, payloads);
  const documents = sections.flatMap(({ large }) => large ?? []);
  const order = { documents, hidden: masking.names, maxChars: MAX_PAYLOAD_CHARS };
  const made = documents.length === 0 ? [] : await store.excerpts(order);
  const excerpts = made.values();
  const shown = sections.map((one) =>
    showSection(one, one.large === null ? null : (excerpts.next().value ?? null), masking),
  );
  const pruned =
    prunedAt === null
      ? ''
      : html`<p class="quiet">The payloads were ${execution.erasedAt === null ? 'deleted' : 'erased'} at ${moment(prunedAt)}; their hash is kept.</p>`;
  return {
    part: html`${pruned}
${shown.map(({ part }) => part)}
${bodies.map((body) => rawBody(body, masking))}`,
    hasHidden: (bodies.length > 0 && masking.names.length > 0) || shown.some(({ hasHidden }) => hasHidden),
  };
}

function sectionsOf({ result, error, lateResult }: Execution, { inputs, context }: ExecutionPayloads): Section[] {
  const late = lateResult === null ? [] : ([['Late result', { ...lateResult }]] as const);
  const named: readonly (readonly [string, Json])[] = [
    ['Result', result],
    ['Error', error],
    ...late,
    ['Inputs', inputs],
    ['Context', context],
  ];
  return named.map(([name, value]) => ({ name, value, large: largeText(value) }));
}

function largeText(value: Json): string | null {
  if (LargeJson.is(value)) return value.text;
  return isJsonObject(value) && Object.values(value).some(LargeJson.is) ? writeJson(value) : null;
}

function showSection({ name, value }: Section, made: Excerpt | null, masking: Masking): ShownPayloads {
  if (value === null) return { part: html`<h3>${name}</h3><p class="quiet">none</p>`, hasHidden: false };
  const part = made === null ? payload(name, masking.json(value)) : excerpt(name, made.text, made.chars);
  return { part: html`<h3>${name}</h3>${part}`, hasHidden: made?.hasHidden ?? masking.hides(value) };
}

/** An unreadable body, or the beginning of a result that was too large, cannot be masked value by value, so masking hides all of it. */
function rawBody({ entryId, contentType, bytes }: StoredCallbackBody, masking: Masking): Html {
  const title = `Raw body of entry ${entryId}`;
  const what = `${contentType ?? 'no content type'}, ${bytes.length} bytes`;
  const shown =
    masking.names.length > 0
      ? html`<p class="quiet">Hidden, because its values cannot be separated.</p>`
      : excerpt(title, new TextDecoder().decode(bytes));
  return html`<h3>${title} <small>${what}</small></h3>${shown}`;
}
