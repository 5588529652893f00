// GET one execution, a list, and an audit trail.

import * as v from 'valibot';
import { type Execution, isTerminal } from '../../execution/execution.ts';
import { writeJson } from '../../execution/json.ts';
import { representEntry, representExecution } from '../../execution/representation.ts';
import { isoTime } from '../../lib/time.ts';
import type { BriefExecution } from '../../store/port.ts';
import { callerName } from '../middleware/identity.ts';
import { tooManySearches } from '../middleware/reader-turns.ts';
import { component, jsonResponse } from '../openapi/components.ts';
import { ENTRIES, executionExample } from '../openapi/examples.ts';
import { headers } from '../openapi/headers.ts';
import { queryParameters } from '../openapi/json-schema.ts';
import { type ApiOperation, parameter } from '../openapi/operation.ts';
import { count, described, nullable, time } from '../openapi/schema-parts.ts';
import { onExecution, unknownExecution } from '../request/find-execution.ts';
import { cursor, cursorOf, encodeCursor, LARGE_LIMIT, readQuery } from '../request/list-parameters.ts';
import { preferenceApplied, preferredWait } from '../request/prefer-wait.ts';
import { clientGone, type HeaderFields, json, writtenJson } from '../response/json.ts';
import { createMaskingFor } from '../response/masking-for.ts';
import { invalidInput, lostCursor } from '../response/problem.ts';
import { connectionOf, MAX_PAGE_BYTES, respondWithExecution } from './execution-response.ts';
import { AUDIT_TRAIL, EXECUTION } from './execution-schema.ts';
import { parseListQuery, QUERY } from './query.ts';
import { createQueueWaits, representQueueWait } from './queue-wait.ts';

export const EXECUTION_PAGE = component(
  'ExecutionPage',
  v.object({
    items: described(v.array(EXECUTION), 'Newest first. A page may have fewer than `limit`, or none.'),
    nextCursor: nullable(v.string(), 'The `cursor` of the next page, even if this page is empty; null at the end.'),
    scanned: v.exactOptional(count('With `text`: the number of executions that were searched for this page.')),
    searchedThrough: v.exactOptional(
      nullable(time(), 'With `text`: when the last of them was submitted, newest first; null at the end.'),
    ),
  }),
);

const READ = { method: 'get', tag: 'Executions', access: 'anyone', stored: true } as const;

export const listExecutions: ApiOperation = {
  ...READ,
  operationId: 'listExecutions',
  path: '/v1/executions',
  summary: 'List executions, newest first unless `sort` states otherwise',
  description:
    'The executions of your app; with an operator key, those of all apps. Follow `nextCursor` until it is null: if many executions are scanned for few matches, or if results are large, a page may be short or empty and still have a `nextCursor`. A search by `text` states how far it has come. It ends when its client disconnects.',
  parameters: queryParameters(QUERY),
  responses: {
    '200': jsonResponse('One page.', EXECUTION_PAGE, {
      page: {
        items: [executionExample('completed')],
        nextCursor: 'bmV3ZXN0OjAxOWMxNDA1LTdhMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMQ',
      },
      end: { items: [], nextCursor: null },
    }),
  },
  problems: ['invalid-input', 'position-lost', 'too-many-searches'],
  create: ({ store, pages, searches, bodies }) => {
    const maskingFor = createMaskingFor(pages.sensitiveFields);
    return async (c, caller) => {
      const query = parseListQuery(new URL(c.req.url).searchParams, caller);
      if (!query.valid) return invalidInput(query.errors, 'query parameter');
      const { signal } = c.req.raw;
      const list = async () => {
        // promise: lists-wait-for-room
        const room = await bodies.responses.take(callerName(caller), MAX_PAGE_BYTES, connectionOf(c));
        // promise: gone-list-is-not-read
        if (room === null) return null;
        const page = await store.listJson({ ...query.value, hidden: maskingFor(caller).names }, signal);
        room.resize(page.items.length);
        return page;
      };
      const isSearch = query.value.text !== undefined || query.value.error !== undefined;
      const page = isSearch ? await searches.run(callerName(caller), list, signal) : { value: await list() };
      if (page === null) return tooManySearches();
      if (page.value === null) return clientGone();
      const { items, next, resumeBefore, search } = page.value;
      if (resumeBefore !== undefined) return lostCursor(cursorOf(resumeBefore, query.value));
      const rest = writeJson({
        nextCursor: next === null ? null : cursorOf(next, query.value),
        ...(search && { scanned: search.scanned, searchedThrough: isoTime(search.reachedAt) }),
      });
      return writtenJson(['{"items":', items, `,${rest.slice(1)}`]);
    };
  },
};

export const getExecution: ApiOperation = {
  ...READ,
  operationId: 'getExecution',
  path: '/v1/executions/{correlationId}',
  summary: 'Get an execution, or wait for its end',
  description: 'A failed execution gets 200 like any other: `status` states how it ended.',
  parameters: [parameter('CorrelationId'), parameter('Prefer')],
  responses: {
    '200': jsonResponse(
      'The current execution; with `Prefer: wait`, when it has ended or the time is over.',
      EXECUTION,
      {
        completed: executionExample('completed'),
        waiting: executionExample('sent'),
        timedOut: executionExample('timedOut'),
        lateResult: executionExample('withLateResult'),
      },
      headers('Vary', 'Preference-Applied'),
    ),
  },
  problems: ['not-found'],
  create: (deps) => {
    const { store, events, pages } = deps;
    const waitOf = createQueueWaits(deps);
    const maskingFor = createMaskingFor(pages.sensitiveFields);
    return onExecution(store, async ({ status, correlationId }, c, caller, found) => {
      const seconds = preferredWait(c.req.header('prefer'));
      const masking = maskingFor(caller);
      const respond = async (one: BriefExecution, applied: HeaderFields = {}): Promise<Response> => {
        const headers = { vary: 'Prefer', ...applied };
        const of = { caller: callerName(caller), hidden: masking.names };
        const response = await respondWithExecution(deps, c, one, { status: 200, headers, ...of, represent: shown });
        return response ?? unknownExecution();
      };
      const shown = async (execution: Execution) => {
        const wait = await waitOf(execution);
        const represented = representExecution(masking.execution(execution));
        return wait === null ? represented : { ...represented, wait: representQueueWait(wait, caller.kind) };
      };
      if (seconds === null || isTerminal(status)) return respond(found, preferenceApplied(seconds));
      const leave = events.waiters.reserve(callerName(caller));
      // A preference may be ignored (RFC 7240): with too many held requests, the response is not delayed.
      if (leave === null) return respond(found);
      const waited = await events.waiters.wait(correlationId, seconds * 1000, c.req.raw.signal).finally(leave);
      return respond(waited ?? found, preferenceApplied(seconds));
    });
  },
};

/** A cursor is the id of the entry before the page. */
const AUDIT_QUERY = v.object({ limit: LARGE_LIMIT, cursor: v.exactOptional(cursor(/^\d{1,15}$/)) });

export const getAuditTrail: ApiOperation = {
  ...READ,
  operationId: 'getAuditTrail',
  path: '/v1/executions/{correlationId}/audit',
  summary: 'Get the audit trail of an execution',
  description: 'Follow `nextCursor`, or the `Link` with `rel="next"`, until there is none.',
  parameters: [parameter('CorrelationId'), ...queryParameters(AUDIT_QUERY)],
  responses: {
    '200': jsonResponse(
      'One page of the steps, oldest first.',
      AUDIT_TRAIL,
      {
        page: { items: ENTRIES.slice(0, 1), nextCursor: 'MQ' },
        end: { items: ENTRIES, nextCursor: null },
      },
      headers('Link'),
    ),
  },
  problems: ['not-found', 'invalid-input'],
  create: ({ store, pages }) => {
    const maskingFor = createMaskingFor(pages.sensitiveFields);
    return onExecution(store, async (execution, c, caller) => {
      const query = readQuery(AUDIT_QUERY, new URL(c.req.url).searchParams);
      if (!query.valid) return invalidInput(query.errors, 'query parameter');
      const { limit, cursor: after = '0' } = query.value;
      const { correlationId } = execution;
      // promise: audit-is-read-in-pages
      const page = await store.feed({ after: Number(after), app: null, correlationId, limit });
      const nextCursor = page.through < page.newest ? encodeCursor(String(page.through)) : null;
      const items = page.entries.map((entry) => representEntry(maskingFor(caller).entry(entry)));
      const link = nextCursor === null ? {} : { link: `<?cursor=${nextCursor}&limit=${limit}>; rel="next"` };
      return json(200, { items, nextCursor }, link);
    });
  },
};
