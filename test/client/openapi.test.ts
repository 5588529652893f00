// The client and the OpenAPI document agree in fields, enumerations and operations.

import { expect, test } from 'vitest';
import type { Client, ListFilters } from '../../src/client/client.ts';
import type { NotificationFilters } from '../../src/client/notifications.ts';
import type * as client from '../../src/client/types.ts';
import { openApiDocument } from '../../src/http/operations.ts';
import { against, execution, response, type Sent } from './harness.ts';

// biome-ignore lint/suspicious/noExplicitAny: the document is read as any reader of JSON would
const document: any = JSON.parse(JSON.stringify(openApiDocument()));
const { schemas } = document.components;

/** All keys of T, and no others; the compiler enforces this. */
function keysOf<T>(keys: Readonly<Record<keyof T, true>>): string[] {
  return Object.keys(keys).toSorted();
}

/** All words of T, and no others. */
function words<T extends string>(given: Readonly<Record<T, true>>): string[] {
  return Object.keys(given).toSorted();
}

const EXECUTION = {
  correlationId: true,
  actionId: true,
  executionId: true,
  status: true,
  resolvedBy: true,
  result: true,
  error: true,
  submittedAt: true,
  sentAt: true,
  resolvedAt: true,
  pollAfter: true,
  deadline: true,
  latencyMs: true,
  totalLatencyMs: true,
  pollCount: true,
  lateResult: true,
  app: true,
  erasedAt: true,
  resubmissionOf: true,
  resubmittedAs: true,
  wait: true,
} as const;

const ENTRY = {
  id: true,
  timestamp: true,
  event: true,
  actionId: true,
  correlationId: true,
  executionId: true,
  latencyMs: true,
  httpStatus: true,
  app: true,
  detail: true,
} as const;

const FIELDS: Readonly<Record<string, string[]>> = {
  Submission: keysOf<client.Submission>({
    actionId: true,
    inputs: true,
    context: true,
    correlationId: true,
    timeoutSeconds: true,
    graceSeconds: true,
    retryUncertain: true,
    priority: true,
    notifyUrl: true,
  }),
  Execution: keysOf<client.Execution>(EXECUTION),
  LateResult: keysOf<client.LateResult>({ status: true, result: true, error: true, via: true, receivedAt: true }),
  AuditEntry: keysOf<client.AuditEntry>(ENTRY),
  StreamEvent: keysOf<client.LiveEvent>({ ...ENTRY, terminalStatus: true }),
  ExecutionCompleted: keysOf<client.NotificationPayload>({ type: true, timestamp: true, data: true }),
  Notification: keysOf<client.Notification>({
    ...{ id: true, correlationId: true, app: true, type: true, url: true, status: true, createdAt: true },
    ...{ nextAttemptAt: true, giveUpAt: true, attempts: true, lastAttemptAt: true, lastHttpStatus: true },
    ...{ lastError: true, deliveredAt: true, wait: true },
  }),
  Readiness: keysOf<client.Readiness>({ ready: true, notReady: true, notices: true }),
  BatchAnswer: keysOf<client.BatchAnswer>({ items: true, accepted: true, refused: true }),
  AcceptedItem: keysOf<Extract<client.BatchItem, { execution: unknown }>>({
    status: true,
    execution: true,
    replayed: true,
    resultLeftOut: true,
  }),
  RefusedItem: keysOf<Extract<client.BatchItem, { problem: unknown }>>({ status: true, problem: true }),
};

test.for(Object.entries(FIELDS))('%s has the same fields', ([name, fields]) => {
  expect(Object.keys(schemas[name].properties).toSorted()).toEqual(fields);
});

test('only the same fields of a submission are needed', () => {
  expect(schemas.Submission.required).toEqual(['actionId']);
});

const TERMINAL = {
  COMPLETED: true,
  FAILED: true,
  REJECTED: true,
  NOT_FOUND: true,
  TIMEOUT: true,
  CANCELLED: true,
} as const;

const NOTIFICATION_TYPES = words<client.NotificationType>({
  'execution.completed': true,
  'execution.failed': true,
  'execution.rejected': true,
  'execution.not_found': true,
  'execution.timeout': true,
  'execution.cancelled': true,
  'execution.late_result': true,
});

const EVENTS = words<client.AuditEvent>({
  ACCEPTED: true,
  DISPATCHED: true,
  SUBMITTED: true,
  FAILED: true,
  NETWORK_ERROR: true,
  RATE_LIMITED: true,
  TOKEN_ERROR: true,
  CALLBACK_COMPLETED: true,
  CALLBACK_PROGRESS: true,
  CALLBACK_HINT: true,
  CALLBACK_DUPLICATE: true,
  CALLBACK_CONFLICT: true,
  CALLBACK_LATE: true,
  CALLBACK_UNREADABLE: true,
  CALLBACK_MISMATCH: true,
  POLL_REQUESTED: true,
  POLL_COMPLETED: true,
  POLL_PROGRESS: true,
  POLL_ERROR: true,
  POLL_404: true,
  POLL_MISMATCH: true,
  POLL_TIMEOUT: true,
  QUEUE_TIMEOUT: true,
  CANCELLED: true,
  CANCEL_IGNORED: true,
  NOTIFICATION_DELIVERED: true,
  NOTIFICATION_FAILED: true,
  NOTIFICATION_DEAD: true,
  NOTIFICATION_REPLAYED: true,
  HELD: true,
  RELEASED: true,
  ERASED: true,
  RESUBMITTED: true,
});

/** What a schema allows, null left out. */
function enumOf(schema: { enum?: (string | null)[]; anyOf?: object[] }): string[] {
  const own = schema.enum ?? (schema.anyOf ?? []).flatMap((one) => enumOf(one));
  return own.filter((word) => word !== null).toSorted();
}

test.for([
  [
    'status',
    'Execution',
    'status',
    words<client.Status>({ ...TERMINAL, QUEUED: true, UNCONFIRMED: true, PENDING: true }),
  ],
  [
    'resolvedBy',
    'Execution',
    'resolvedBy',
    words<client.ResolvedBy>({ callback: true, poll: true, submit: true, deadline: true, cancel: true }),
  ],
  [
    'status of a late result',
    'LateResult',
    'status',
    words<client.LateResult['status']>({ COMPLETED: true, FAILED: true }),
  ],
  [
    'way of a late result',
    'LateResult',
    'via',
    words<client.LateResult['via']>({ callback: true, poll: true, submit: true }),
  ],
  ['audit event', 'AuditEntry', 'event', EVENTS],
  ['audit event, live', 'StreamEvent', 'event', EVENTS],
  ['terminal status', 'StreamEvent', 'terminalStatus', words<client.TerminalStatus>(TERMINAL)],
  ['notification type', 'Notification', 'type', NOTIFICATION_TYPES],
  [
    'notification status',
    'Notification',
    'status',
    words<client.NotificationStatus>({ PENDING: true, DELIVERED: true, DEAD: true }),
  ],
] as const)('%s has the same words', ([, schema, field, expected]) => {
  expect(enumOf(schemas[schema].properties[field])).toEqual(expected);
});

test('the webhooks are those that the client can tell apart', () => {
  const types = Object.values(schemas).flatMap((schema) => {
    const { type } = (schema as { properties?: { type?: { const?: string } } }).properties ?? {};
    return type?.const?.startsWith('execution.') ? [type.const] : [];
  });
  expect(types.toSorted()).toEqual(NOTIFICATION_TYPES);
});

/** Operations for apps, each with the call of the client that is it. */
const CALLS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  submitExecution: (one) => one.submit({ actionId: 'charge' }, { idempotencyKey: 'key' }),
  submitBatch: (one) => one.submitBatch([{ actionId: 'charge' }], { idempotencyKey: 'key' }),
  getExecution: (one) => one.get('order-1', { waitSeconds: 5 }),
  listExecutions: (one) => first(one.list(LIST_FILTERS)),
  getAuditTrail: (one) => one.audit('order-1'),
  cancelExecution: (one) => one.cancel('order-1'),
  followExecution: (one) => first(one.events({ correlationId: 'order-1', lastEventId: 1 })),
  followExecutions: (one) => first(one.events({ lastEventId: 1 })),
  listNotifications: (one) => first(one.listNotifications(NOTIFICATION_FILTERS)),
  getNotification: (one) => one.getNotification('msg_1'),
  replayNotification: (one) => one.replayNotification('msg_1', { reason: 'asked' }),
  replayNotifications: (one) => one.replayNotifications({ status: 'DELIVERED' }),
  getNotificationSecrets: (one) => one.notificationSecrets(),
};

const ENDPOINT = { app: 'shop', origin: 'https://hooks.example', reason: 'maintenance' };

/** Operations for operators, whose other operations `request` calls by path. */
const OPERATOR_CALLS: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  listEndpoints: (one) => one.listEndpoints(),
  pauseEndpoint: (one) => one.pauseEndpoint(ENDPOINT),
  resumeEndpoint: (one) => one.resumeEndpoint(ENDPOINT),
  probeEndpoint: (one) => one.probeEndpoint(ENDPOINT),
};

const LIST_FILTERS: Required<Omit<ListFilters, 'signal'>> = {
  status: 'OPEN',
  actionId: 'charge',
  app: 'shop',
  id: 'order-',
  executionId: 'cx-1',
  incident: '019c1405-7a00-7000-8000-000000000001',
  text: 'Miller',
  error: 'declined',
  resolvedBy: 'poll',
  minDurationSeconds: 1,
  maxDurationSeconds: 60,
  sort: 'oldest',
  from: '2026-01-01',
  to: '2026-01-02',
  limit: 10,
};

const NOTIFICATION_FILTERS: Required<Omit<NotificationFilters, 'signal'>> = {
  status: 'DEAD',
  type: 'execution.completed',
  correlationId: 'order-1',
  app: 'shop',
  endpoint: 'https://hooks.example',
  from: '2026-01-01',
  to: '2026-01-02',
  sort: 'oldest',
  limit: 10,
};

async function first(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items) return;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { $ref?: string; name?: string; in?: string }[];
}

function operations(): { operation: Operation; method: string; path: string }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({ operation, method, path })),
  );
}

const FOR_APPS = ['Executions', 'Live', 'Notifications'];

test('every operation for apps has its method, and every method has its operation', () => {
  const documented = operations().filter(({ operation }) => operation.tags.some((tag) => FOR_APPS.includes(tag)));
  expect(documented.map(({ operation }) => operation.operationId).toSorted()).toEqual(Object.keys(CALLS).toSorted());
});

test.for(Object.entries({ ...CALLS, ...OPERATOR_CALLS }))('%s is called as documented', async ([operationId, call]) => {
  const found = operations().find(({ operation }) => operation.operationId === operationId);
  if (found === undefined) throw new Error('it is not documented');
  const sent = await sentBy(call);
  const [path, query = ''] = sent.path.split('?');
  expect(sent.method).toBe(found.method.toUpperCase());
  expect(path).toBe(found.path.replace('{correlationId}', 'order-1').replace('{id}', 'msg_1'));
  const named = (place: string) => namesIn(found.operation, place);
  const parameters = [...new URLSearchParams(query).keys()].toSorted();
  // A cursor belongs to the second page; the client sends Last-Event-ID as the header.
  const others = named('query').filter((name) => name !== 'cursor' && name !== 'lastEventId');
  expect(parameters).toEqual(others);
  const ofItsOwn = ['prefer', 'idempotency-key', 'last-event-id'].filter((name) => sent.headers.has(name));
  expect(named('header').map((name) => name.toLowerCase())).toEqual(expect.arrayContaining(ofItsOwn));
});

async function sentBy(call: (typeof CALLS)[string]): Promise<Sent> {
  const stream = new Response('id: 1\ndata: {"id":1}\n\n');
  const page = { ...execution(), items: [], nextCursor: null, secrets: [], replayed: 0 };
  const { client, sent } = against([({ path }) => (path.endsWith('events') ? stream : response(200, page))]);
  await call(client);
  const [only] = sent;
  if (only === undefined) throw new Error('nothing was sent');
  return only;
}

function namesIn({ parameters = [] }: Operation, place: string): string[] {
  const resolved = parameters.map(({ $ref, ...own }) => {
    const name = $ref?.split('/').at(-1);
    return name === undefined ? own : document.components.parameters[name];
  });
  return resolved
    .filter((one) => one.in === place)
    .map((one) => String(one.name))
    .toSorted();
}
