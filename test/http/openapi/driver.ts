// Ways to bring about the rarer answers: bytes that no client would send, parts that fail, streams that are left again.

import type { Document } from '../../../src/http/openapi/model.ts';
import type { Streams } from '../../../src/usecases/follow-events/streams.ts';
import type { CallbackReceiver } from '../../../src/usecases/receive-callback.ts';
import type { Submit } from '../../../src/usecases/submit.ts';
import type { Waiters } from '../../../src/usecases/wait-for-outcome.ts';
import { type Harness, ORDERS_KEY, type startHttp, wire } from '../harness.ts';
import type { Seen } from './conformance.ts';

const STORE_METHODS = [
  ...[
    'find',
    'findBrief',
    'list',
    'listJson',
    'trail',
    'record',
    'queueState',
    'feed',
    'payloads',
    'findNotification',
    'listNotifications',
  ],
  ...['recordDelivery', 'replayNotifications', 'lanes', 'undelivered'],
  ...['erase', 'hold', 'release', 'emptyWal'],
  ...['beginActivity', 'endActivity', 'listActivity'],
  ...['listIncidents', 'findIncident', 'incidentHistory', 'acknowledgeIncident'],
  ...['pauseSending', 'resumeSending', 'sendingPauses'],
  ...['pausedEndpoints', 'pauseEndpoint', 'resumeEndpoint', 'hasten', 'waitingIn', 'recentTo'],
];

/** Everything that could fail does, in this way. */
export function failing(thrown: Error): Parameters<typeof startHttp>[0] {
  const fail = () => Promise.reject(thrown);
  const broken = () => {
    throw thrown;
  };
  const all = new Proxy({}, { get: () => fail });
  return {
    store: Object.fromEntries(STORE_METHODS.map((name) => [name, fail])),
    submissions: { submit: all as Submit },
    webhook: {
      receive: all as CallbackReceiver,
      tokens: { clients: [{ name: 'cxone', key: 'a-secret-of-this-client' }], issue: fail, verify: fail },
    },
    events: { streams: all as Pick<Streams, 'open' | 'openPage'>, waiters: all as Pick<Waiters, 'reserve' | 'wait'> },
    metrics: { scrape: fail },
    controls: { state: broken, liftPause: broken, reconciliations: { start: broken, find: broken } },
    copiesOf: fail,
    notificationSecrets: broken,
  };
}

/** What is said, whatever the numbers in it. */
export function shape(detail: string): string {
  return detail.replace(/\d+/g, '0');
}

interface Problem {
  readonly type: string;
  readonly detail: string;
}

/** The examples of the problems that this answer may be. */
export function examplesIn(document: Document, answer: unknown): Problem[] {
  const { $ref, content } = answer as {
    $ref?: string;
    content?: Record<string, { examples?: Record<string, { value: Problem }> }>;
  };
  if ($ref !== undefined) return examplesIn(document, document.components.responses[$ref.split('/').at(-1) ?? '']);
  return Object.values(content?.['application/problem+json']?.examples ?? {}).map(({ value }) => value);
}

/** Sends bytes as they are, and reads the answer until the connection ends. */
export async function exchanged(http: Harness, text: string): Promise<Seen> {
  const raw = wire(http.port);
  raw.send(text);
  return parsed(await raw.closed);
}

function parsed(received: string): Seen {
  const [top = '', ...rest] = received.split('\r\n\r\n');
  const [line = '', ...headers] = top.split('\r\n');
  const pairs = headers.map((header): [string, string] => {
    const [name = '', ...value] = header.split(': ');
    return [name, value.join(': ')];
  });
  const known = new Headers(pairs);
  const text = rest.join('\r\n\r\n');
  const chunked = known.get('transfer-encoding') === 'chunked';
  return {
    status: Number(line.split(' ')[1]),
    headers: known,
    text: chunked ? text.replace(/^[0-9a-f]+\r\n|\r\n[0-9a-f]+\r\n(?:\r\n)?/g, '') : text,
  };
}

/** Reads `count` events of a stream and disconnects; returns the response and the data of its events. */
export async function followed(http: Harness, path: string, headers: Record<string, string>, count: number) {
  const leaving = new AbortController();
  const response = await fetch(http.url + path, {
    headers: { authorization: `Bearer ${ORDERS_KEY}`, ...headers },
    signal: leaving.signal,
  });
  const decoder = new TextDecoder();
  let text = '';
  const data = () => [...text.matchAll(/^data: (.*)\n/gm)].map(([, json = '']) => JSON.parse(json));
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (data().length >= count) break;
  }
  leaving.abort();
  const answer: Seen = { status: response.status, headers: response.headers, text };
  return { answer, events: data() };
}
