// An exchange as an entry of an HTTP Archive (HAR 1.2): keeps the dialect, removes secrets and personal data. Pure.

import { CALLBACK_PATH } from '../../callbacks/signed-url.ts';
import { type JsonObject, scalarText } from '../../execution/json.ts';
import { normalizeStatusWord } from '../../execution/status-word.ts';
import { forgetBeyond } from '../../lib/bounded.ts';
import { createRedact } from '../../lib/redaction.ts';
import { isoTime } from '../../lib/time.ts';
import { find, type Pointers } from '../json-pointer.ts';
import type { Profile } from '../profile/profile.ts';
import {
  documentOf,
  encodeForm,
  parseBody,
  type RecordedBody,
  type RecordedRules,
  WHOLE_BODY,
  writeBody,
} from './bodies.ts';
import { actionIn, type MatchedCall, matchCall } from './match-call.ts';
import { isUnspaced, placeholder, type StripRules, stripValues } from './strip-values.ts';
import type { RecordedExchange } from './tap.ts';

/** A callback to the receiver. `reference` is the one in its URL. */
export interface RecordedCallback {
  readonly startedAt: number;
  readonly reference: string;
  readonly body: Uint8Array;
  readonly contentType: string | null;
}

/** A token lives for about an hour, a recording for a few. */
const MAX_CREDENTIALS = 50;

/** Headers whose values describe the dialect and nothing else. */
const TELLING_HEADERS = [
  ...['accept', 'content-type', 'content-length', 'date', 'retry-after', 'server', 'allow', 'via', 'age'],
  ...['cache-control', 'ratelimit', 'ratelimit-policy', 'x-ratelimit-limit', 'x-ratelimit-remaining'],
];

const CALLBACK_URL = /\/webhook\/cxone-execution\/([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}/;

// One function because the entries of a recording share the credentials and the ids seen so far.
export function createHarEntries(profile: Profile, secrets: readonly string[]) {
  const words = new Set(Object.values(profile.words).flat().map(normalizeStatusWord));
  const rulesOf = (given: Rules, redact: StripRules['redact']) => ({
    ...given,
    words,
    redact,
  });

  /** Credentials of earlier requests: a later response may repeat them. */
  const credentials = new Set<string>();
  const learn = (headers: Headers): void => {
    const [, given] = /^\S+ +(\S+)$/.exec(headers.get('authorization') ?? '') ?? [];
    if (given === undefined) return;
    // promise: recording-has-no-credentials
    credentials.add(given);
    forgetBeyond(credentials, MAX_CREDENTIALS);
  };

  /** Labels for ids that could be personal data, one per id, so that polls stay distinguishable. */
  const labels = new Map<string, string>();
  const keptId = (id: string, redact: StripRules['redact']): string => {
    // promise: recording-has-no-personal-ids
    if (isUnspaced(id)) return redact(id);
    const label = labels.get(id) ?? `id-${labels.size + 1}`;
    labels.set(id, label);
    return label;
  };

  return {
    ofExchange: (seen: RecordedExchange): JsonObject => {
      learn(seen.headers);
      const redact = createRedact([...secrets, ...credentials]);
      const called = matchCall(profile, seen.method, seen.url);
      const rules = rulesOf(pointersOf(profile, called), redact);
      const shownId = (id: string) => keptId(id, redact);
      const { answer } = seen;
      const answered = answer === null ? null : parseBody(answer.body, answer.headers.get('content-type'), rules);
      return entry({
        ...seen,
        custom: {
          _call: called.call,
          _route: redact(called.route),
          _executionId: orNull(called.executionId ?? executionIdIn(profile, called, answered), shownId),
          _reference: seen.body === null ? referenceIn(seen.url) : (referenceIn(seen.body) ?? referenceIn(seen.url)),
          ...actionOf(profile, called, seen, shownId),
          ...(seen.failure === null ? {} : { _error: redact(seen.failure) }),
        },
        request: {
          ...requestOf(seen.method, urlOf(withId(seen.url, called.executionId, shownId), rules), seen.headers),
          ...posted(seen.body, seen.headers.get('content-type'), {
            ...rules,
            ...requestPointers(profile),
            document: WHOLE_BODY,
          }),
        },
        response: {
          status: answer?.status ?? 0,
          headers: headersOf(answer?.headers ?? new Headers(), urlsIn(rules)),
          content: contentOf(answered, answer?.headers.get('content-type') ?? '', rules),
        },
      });
    },
    ofCallback: ({ startedAt, reference, body, contentType }: RecordedCallback): JsonObject => {
      const redact = createRedact([...secrets, ...credentials]);
      const { executionId, status, result, error } = profile.callback;
      const rules = rulesOf(
        {
          payload: present(result, error),
          telling: present(executionId, status),
          addresses: false,
          document: profile.callback,
        },
        redact,
      );
      const document = parseBody(body, contentType, rules);
      const label = labelOf(reference);
      const headers = new Headers(contentType === null ? {} : { 'content-type': contentType });
      return entry({
        ...{ startedAt, durationMs: 0 },
        custom: {
          ...{ _call: 'callback', _reference: label },
          _executionId: orNull(idAt(document, executionId), (id) => keptId(id, redact)),
        },
        request: {
          ...requestOf('POST', `https://receiver.invalid${CALLBACK_PATH}/${label}`, headers),
          postData: { mimeType: contentType ?? '', text: writeBody(document, contentType ?? '', rules) },
        },
        response: { status: 200, headers: [], content: { size: 0, mimeType: '' } },
      });
    },
  };
}

function contentOf(body: RecordedBody, mimeType: string, rules: StripRules): JsonObject {
  const text = writeBody(body, mimeType, rules);
  return { size: Buffer.byteLength(text), mimeType, text };
}

function posted(body: string | null, contentType: string | null, rules: StripRules & Rules): JsonObject {
  if (body === null) return {};
  const mimeType = contentType ?? '';
  return {
    postData: { mimeType, text: writeBody(parseBody(Buffer.from(body), contentType, rules), mimeType, rules) },
  };
}

type Rules = Pick<StripRules, 'payload' | 'telling' | 'addresses'> & { readonly document: RecordedRules };

function pointersOf(profile: Profile, { call }: MatchedCall): Rules {
  switch (call) {
    case 'execute': {
      const { executionId, status, result, error } = profile.execute.answer;
      const telling = present(executionId, status);
      return { payload: present(result, error), telling, addresses: false, document: profile.execute.answer };
    }
    case 'poll': {
      const document = profile.poll?.answer ?? {
        ...WHOLE_BODY,
        executionId: null,
        status: null,
        result: null,
        error: null,
      };
      const { status, result, error, executionId = profile.callback.executionId } = document;
      const telling = present(executionId, status);
      return { payload: present(result, error), telling, addresses: false, document };
    }
    case 'other':
      return { payload: [], telling: [], addresses: true, document: WHOLE_BODY };
    default:
      return call satisfies never;
  }
}

/** In a request, everything from the app is payload. */
function requestPointers({ execute: { body } }: Profile): Pick<StripRules, 'payload' | 'telling'> {
  return { payload: present(body.inputs, body.context, body.callbackUrl), telling: present(body.correlationId) };
}

function present(...pointers: readonly Pointers[]): string[] {
  return pointers.flat().filter((pointer) => pointer !== null);
}

function executionIdIn(profile: Profile, { call }: MatchedCall, body: RecordedBody): string | null {
  return call === 'execute' ? idAt(body, profile.execute.answer.executionId) : null;
}

function idAt(body: RecordedBody, pointers: Pointers): string | null {
  const document = documentOf(body);
  return (
    present(pointers)
      .map((pointer) => scalarText(find(document, pointer)))
      .find((id) => id !== null) ?? null
  );
}

function orNull(text: string | null, shown: (text: string) => string): string | null {
  return text === null ? null : shown(text);
}

/** Returns the action of a submission, and its place, where the URL does not name it. */
function actionOf(
  { execute }: Profile,
  { call }: MatchedCall,
  { url, body, headers }: RecordedExchange,
  shown: (id: string) => string,
): JsonObject {
  const at = execute.body.actionId;
  if (call !== 'execute' || at === null) return {};
  const actionId = actionIn({ url, body, contentType: headers.get('content-type') }, at);
  return actionId === null ? {} : { _actionId: shown(actionId), _actionAt: at };
}

/** Returns the reference in a callback URL, percent-encoded or not, without its signature. */
function referenceIn(text: string): string | null {
  const [, reference = null] = CALLBACK_URL.exec(text.replaceAll(/%2F/gi, '/').replaceAll('\\/', '/')) ?? [];
  return reference;
}

function labelOf(reference: string): string {
  return Buffer.from(reference.replaceAll('-', ''), 'hex').toString('base64url');
}

/** Replaces the id in a URL by its recorded form. */
function withId(url: string, id: string | null, shown: (id: string) => string): string {
  return id === null ? url : url.replaceAll(encodeURIComponent(id), encodeURIComponent(shown(id)));
}

function urlOf(text: string, rules: StripRules): string {
  const url = URL.parse(text);
  if (url === null) return rules.redact(text);
  const query = stripValues(Object.fromEntries(url.searchParams), rules) as JsonObject;
  const search = encodeForm(Object.entries(query).map(([name, value]) => [name, String(value)]));
  return rules.redact(`${url.origin}${url.pathname}`) + (search === '' ? '' : `?${search}`);
}

function urlsIn(rules: StripRules): (name: string, value: string) => string {
  return (name, value) => (name === 'location' ? urlOf(value, rules) : rules.redact(value));
}

function requestOf(method: string, url: string, headers: Headers): JsonObject {
  return { method, url, headers: headersOf(headers, (_, value) => value) };
}

/** Keeps all names but few values: any other header may contain a credential or personal data. */
function headersOf(headers: Headers, shown: (name: string, value: string) => string): JsonObject[] {
  return [...headers].map(([name, value]) => ({
    name,
    value: TELLING_HEADERS.includes(name) || name === 'location' ? shown(name, value) : placeholderText(value),
  }));
}

function placeholderText(value: string): string {
  return String(placeholder(value));
}

interface Parts {
  readonly startedAt: number;
  readonly durationMs: number;
  readonly custom: JsonObject;
  readonly request: JsonObject;
  readonly response: JsonObject;
}

/** Returns an entry with all members that HAR 1.2 requires. Custom members begin with an underscore, as HAR allows. */
function entry({ startedAt, durationMs, custom, request, response }: Parts): JsonObject {
  const rest = { httpVersion: 'HTTP/1.1', cookies: [], headersSize: -1, bodySize: -1 };
  return {
    startedDateTime: isoTime(startedAt),
    time: durationMs,
    request: { ...rest, queryString: [], ...request },
    response: { ...rest, statusText: '', redirectURL: '', ...response },
    cache: {},
    timings: { send: 0, wait: durationMs, receive: 0 },
    ...custom,
  };
}
