// Keeps live callback tokens out of store, log and pages: all words of CXone and of endpoints pass here before they are used.

import { CONCEALED, type TokenConcealer } from '../callbacks/conceal-tokens.ts';
import type { ExecutionEvent } from '../execution/event.ts';
import { type Json, LargeJson, writeJson } from '../execution/json.ts';
import type { DeliveryEvent } from '../notification/delivery.ts';
import type { Outbox } from '../store/outbox-port.ts';
import type { ExecutionRecorder } from '../store/port.ts';
import type { WebhookSender } from '../webhooks/port.ts';

const UNUSABLE_ID = 'its executionId quotes the callback URL';
const UNUSABLE_POLL_URL = 'its Location quotes the callback URL';

/** Returns a store in whose events each token is replaced; the audit entry of such an event reports it. */
export function withConcealedTokens<S extends ExecutionRecorder & Pick<Outbox, 'recordDelivery'>>(
  store: S,
  conceal: TokenConcealer,
): S {
  return {
    ...store,
    record: (reference, event, now) => {
      // promise: words-pass-concealment
      const safe = concealedEvent(event, conceal);
      return store.record(reference, safe, now);
    },
    recordDelivery: (id, event, now) => store.recordDelivery(id, concealedDelivery(event, conceal), now),
  };
}

/** Returns a sender from whose results each token is replaced, since the log and the overview show them too. */
export function withConcealedResponses(sender: WebhookSender, { text }: TokenConcealer): WebhookSender {
  return {
    ...sender,
    deliver: async (webhook) => {
      const result = await sender.deliver(webhook);
      // promise: endpoint-words-have-no-tokens
      return 'message' in result ? { ...result, message: text(result.message) } : result;
    },
  };
}

function concealedEvent(event: ExecutionEvent, conceal: TokenConcealer): ExecutionEvent {
  // Nearly all events quote none, and are not taken apart.
  if (event.quotedToken === undefined && !quotes(event as Part, conceal)) return event;
  const replaced: { [name: string]: Part } = withoutTokenAsAddress(event, conceal);
  for (const [name, value] of Object.entries(event)) {
    // The id that was polled is compared with the stored one.
    if (name === 'polledExecutionId' || typeof value === 'number' || name in replaced) continue;
    const safe = concealed(value, conceal);
    if (safe !== value) replaced[name] = safe;
  }
  return Object.keys(replaced).length === 0 ? event : { ...event, ...replaced, quotedToken: true };
}

/** An id or an address that is a token cannot be used: without it, it would name something else. */
function withoutTokenAsAddress(event: ExecutionEvent, { text }: TokenConcealer): { [name: string]: Part } {
  // In a form, it was replaced before.
  const isQuoted = (value: string) =>
    text(value) !== value || (event.quotedToken === true && value.includes(CONCEALED));
  const quotes = (value: string | null | undefined) => value != null && isQuoted(value);
  return {
    ...('executionId' in event && quotes(event.executionId) && { executionId: null, unusableId: UNUSABLE_ID }),
    ...('namedExecutionId' in event && quotes(event.namedExecutionId) && { namedExecutionId: null }),
    ...('pollUrl' in event && quotes(event.pollUrl) && { pollUrl: null, unusablePollUrl: UNUSABLE_POLL_URL }),
  };
}

function concealedDelivery(event: DeliveryEvent, { text }: TokenConcealer): DeliveryEvent {
  return 'message' in event ? { ...event, message: text(event.message) } : event;
}

/** A JSON document, or a part of an event that holds some. */
type Part = Json | Uint8Array | undefined | readonly Part[] | { readonly [name: string]: Part };

/** Returns whether a token is in the value or in the name of a member. */
function quotes(value: Part, conceal: TokenConcealer): boolean {
  if (typeof value === 'string') return conceal.text(value) !== value;
  if (isFree(value, conceal)) return false;
  if (LargeJson.is(value)) return conceal.text(value.text) !== value.text;
  if (value instanceof Uint8Array) return conceal.bytes(value) !== value;
  if (Array.isArray(value)) return value.some((item: Part) => quotes(item, conceal));
  const members = value as { readonly [name: string]: Part };
  for (const name in members) if (quotes(name, conceal) || quotes(members[name], conceal)) return true;
  return false;
}

function isFree(value: Part, { isKnownFree }: TokenConcealer): value is null | undefined | number | boolean {
  return value === null || typeof value !== 'object' || JSON.isRawJSON(value) || isKnownFree(value);
}

/** Returns the value itself if nothing in it is replaced. */
function concealed(value: Part, conceal: TokenConcealer): Part {
  if (typeof value === 'string') return conceal.text(value);
  if (isFree(value, conceal)) return value;
  if (LargeJson.is(value)) return concealedText(value, conceal);
  if (value instanceof Uint8Array) return conceal.bytes(value);
  if (Array.isArray(value)) {
    const items: Part[] = value.map((item: Part) => concealed(item, conceal));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let isChanged = false;
  const members = Object.entries(value).map(([name, member]) => {
    const [safeName, safe] = [conceal.text(name), concealed(member, conceal)] as const;
    isChanged ||= safeName !== name || safe !== member;
    return [safeName, safe] as const;
  });
  return isChanged ? Object.fromEntries(withOwnNames(members)) : value;
}

/** A token and its replacement have no character that JSON escapes, so that the text stays JSON. */
function concealedText(value: LargeJson, conceal: TokenConcealer): Json {
  // promise: large-result-passes-concealment
  const safe = conceal.text(value.text);
  if (safe === value.text) return value as unknown as Json;
  const names = safe.match(NAMES_WITH_TOKENS) ?? [];
  return LargeJson.from(names.length > 1 ? writeJson(concealed(value.parsed(), conceal)) : safe);
}

/** Names of members that quote a token: two may have become the same name. */
const NAMES_WITH_TOKENS = /\[callback-token\](?:[^"\\]|\\.)*"\s*:/g;

/** Two members whose names quote tokens stay two. */
function withOwnNames(members: readonly (readonly [string, Part])[]): [string, Part][] {
  const taken = new Set<string>();
  return members.map(([name, value]) => {
    let own = name;
    for (let count = 2; taken.has(own); count += 1) own = `${name} (${count})`;
    taken.add(own);
    return [own, value];
  });
}
