// Erasure of content: of one execution, or of all that a filter selects, after a confirmed count.

import * as v from 'valibot';
import { type Execution, TERMINAL_STATUSES } from '../../execution/execution.ts';
import { isJsonObject, type Json } from '../../execution/json.ts';
import { representExecution } from '../../execution/representation.ts';
import type { Order } from '../../store/erasure-port.ts';
import { type ExecutionFilter, StoreUnavailable } from '../../store/port.ts';
import type { HttpDependencies, HttpParts } from '../dependencies.ts';
import { callerName } from '../middleware/identity.ts';
import { respondInTurn } from '../middleware/reader-turns.ts';
import { closed, component, jsonRequest, jsonResponse } from '../openapi/components.ts';
import { executionExample } from '../openapi/examples.ts';
import {
  ADMINISTRATOR_ORDER,
  type ApiOperation,
  BODY_PROBLEMS,
  type Handler,
  parameter,
} from '../openapi/operation.ts';
import { count, described, nullable } from '../openapi/schema-parts.ts';
import { recordAction } from '../operators/record-activity.ts';
import { executionPages, unknownExecution } from '../request/find-execution.ts';
import { wordFilter } from '../request/list-parameters.ts';
import { onBody } from '../request/read-json.ts';
import { NOT_AN_OBJECT, type Validated, validate } from '../request/validate.ts';
import { json } from '../response/json.ts';
import { problem, storeUnavailable } from '../response/problem.ts';
import { EXECUTION } from './execution-schema.ts';
import { type ActionByOrder, ORDER, ORDER_EXAMPLE, onOrder, REASON } from './order.ts';
import { ENDED_FILTER, FILTER } from './query.ts';

/** Erasures in one commit, between which other work runs. */
const BATCH_SIZE = 20;

const CONFIRM_RULE = 'must be the number that the same request reported as matched without it';

const COPIES = described(
  v.array(v.string()),
  'Files that may still hold the content: exports in `RETENTION_EXPORT_DIR`, and copies beside the database. Backups and exports that were written elsewhere are not known here.',
);
const WAL_DESCRIPTION =
  'True: the pages in the write-ahead log of SQLite are overwritten as well. False: earlier states of the rows remain in files of the database. With SQLite another program reads them, and they stay until a later checkpoint, at the latest when the receiver stops. A PostgreSQL server keeps them until `VACUUM`, and longer in its write-ahead log, standbys and archives.';

const ERASED = component(
  'Erased',
  v.object({
    execution: EXECUTION,
    copies: COPIES,
    walEmptied: described(v.boolean(), WAL_DESCRIPTION),
  }),
);

const ERASURE_FILTER = {
  status: v.exactOptional(wordFilter(TERMINAL_STATUSES, 'Only those that ended with this status.')),
  ...FILTER,
};

const ERASURE = component(
  'Erasure',
  v.object({
    ...ERASURE_FILTER,
    reason: REASON,
    confirm: v.exactOptional(
      v.pipe(
        v.number(CONFIRM_RULE),
        v.integer(CONFIRM_RULE),
        v.minValue(0, CONFIRM_RULE),
        v.metadata({ type: 'integer', minimum: 0, description: `Erases. It ${CONFIRM_RULE}.` }),
      ),
    ),
  }),
  (erasure) => ({ ...closed(erasure), minProperties: 2 }),
);

const ERASED_MANY = component(
  'ErasedMany',
  v.object({
    matched: count('The number of executions that match and can be erased: ended, not held, not erased before.'),
    open: count('Those that match and have not ended: cancel them first, or erase them when they have ended.'),
    held: count('Those that match and are held: release them first.'),
    erased: count('The number of executions that were erased; 0 without `confirm`.'),
    copies: COPIES,
    walEmptied: nullable(v.boolean(), `${WAL_DESCRIPTION} Null: nothing was erased.`),
  }),
);

const COPY = '/var/exports/payloads-019c1405-019c2ac8-2026-01-31T12-00-00-000Z.ndjson.gz';

type Dependencies = Pick<HttpDependencies, 'store' | 'runtime' | 'copiesOf'>;
type BulkDependencies = Dependencies & Pick<HttpParts, 'searches'>;

export const eraseExecution = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'eraseExecution',
  path: '/v1/executions/{correlationId}/erase',
  summary: 'Erase the content of an execution',
  description:
    'Replaces everything that the app and CXone wrote by hashes: inputs, context, result, late result, error, stored bodies, and these parts of audit entries and deliveries. Identifiers, times and statuses stay, and the audit trail verifies. A pending notification is given up. What arrives later is recorded without content. Erasing it again changes nothing.',
  parameters: [parameter('CorrelationId')],
  requestBody: jsonRequest(ORDER, { reason: ORDER_EXAMPLE }),
  responses: {
    '200': jsonResponse('It is erased.', ERASED, {
      erased: {
        execution: { ...executionExample('completed'), result: null, erasedAt: '2026-01-31T12:00:00.000Z' },
        copies: [COPY],
        walEmptied: true,
      },
    }),
  },
  problems: ['not-found', 'execution-open', 'execution-held', ...BODY_PROBLEMS],
  create: (deps: Dependencies): Handler => onOrder(deps.store, createErasureOfOne(deps)),
} satisfies ApiOperation;

export const eraseExecutions = {
  ...ADMINISTRATOR_ORDER,
  operationId: 'eraseExecutions',
  path: '/v1/executions/erase',
  summary: 'Erase the content of many executions',
  description:
    'Without `confirm`, counts the executions that match and erases nothing. With `confirm`, the number of that count, erases each as if it were erased alone; if another number matches by now, nothing is erased. If the client disconnects, the action stops and keeps its changes.',
  requestBody: jsonRequest(ERASURE, {
    count: { text: 'ada@example.com', ...ORDER_EXAMPLE },
    erase: { text: 'ada@example.com', ...ORDER_EXAMPLE, confirm: 3 },
  }),
  responses: {
    '200': jsonResponse('They are counted or, with `confirm`, erased.', ERASED_MANY, {
      counted: { matched: 3, open: 1, held: 0, erased: 0, copies: [COPY], walEmptied: null },
      erased: { matched: 3, open: 1, held: 0, erased: 3, copies: [COPY], walEmptied: true },
    }),
  },
  problems: ['count-differs', ...BODY_PROBLEMS, 'too-many-searches'],
  create: (deps: BulkDependencies): Handler => {
    const eraseAll = createBulkErasure(deps);
    return onBody(parseErasure, ({ reason, confirm = null, ...filter }, c, caller) => {
      const order = { by: callerName(caller), reason };
      return eraseAll({ ...filter, app: filter.app ?? null }, order, confirm, c.req.raw.signal);
    });
  },
} satisfies ApiOperation;

/** Returns a function that erases one execution, and responds with what remains. */
export function createErasureOfOne(deps: Dependencies): ActionByOrder {
  const { store, runtime, copiesOf } = deps;
  return ({ reference, correlationId }, order) =>
    recordAction(deps, { action: 'erase', ...order, target: correlationId }, () => erase(reference, order));

  async function erase(reference: string, order: Order): Promise<Response> {
    const erased = await store.erase(reference, order, runtime.world.now());
    if (erased === undefined) return unknownExecution();
    const { outcome, execution } = erased;
    if (outcome === 'open') return problem('execution-open', openDetail(execution));
    if (outcome === 'held') return problem('execution-held', HELD_DETAIL);
    const [copies, walEmptied] = [await copiesOf([execution]), await store.emptyWal()];
    return json(200, { execution: representExecution(execution), copies, walEmptied });
  }
}

/** Returns a function that erases all executions that a filter selects, or only counts them if `confirm` is null. */
export function createBulkErasure(deps: BulkDependencies) {
  const { store, runtime, copiesOf, searches } = deps;
  /** The references are collected first: an execution that is erased no longer matches a text. */
  async function select(filter: ExecutionFilter, signal: AbortSignal) {
    const erasable: Pick<Execution, 'reference' | 'submittedAt'>[] = [];
    const left = { open: 0, held: 0 };
    for await (const page of executionPages(store, filter, signal)) {
      const byState = Map.groupBy(page, stateOf);
      const found = byState.get('erasable') ?? [];
      erasable.push(...found.map(({ reference, submittedAt }) => ({ reference, submittedAt })));
      left.open += byState.get('open')?.length ?? 0;
      left.held += byState.get('held')?.length ?? 0;
    }
    return { erasable, left };
  }

  async function eraseBatch(batch: readonly Pick<Execution, 'reference'>[], order: Order): Promise<number> {
    const erasing = batch.map(({ reference }) => store.erase(reference, order, runtime.world.now()));
    const settled = await Promise.allSettled(erasing);
    const failure = settled.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
    return settled.filter((one) => one.status === 'fulfilled' && one.value?.outcome === 'erased').length;
  }

  return (filter: ExecutionFilter, order: Order, confirm: number | null, signal: AbortSignal) => {
    const work = () => eraseAll(filter, order, confirm, signal);
    return respondInTurn(searches, { text: filter.text, reader: order.by, signal }, () =>
      confirm === null ? work() : recordAction(deps, { action: 'erase', ...order, filter }, work),
    );
  };

  async function eraseAll(filter: ExecutionFilter, order: Order, confirm: number | null, signal: AbortSignal) {
    const { erasable, left } = await select(filter, signal);
    const matched = erasable.length;
    // promise: erasure-confirms-count
    if (confirm !== null && confirm !== matched) return countDiffers(confirm, matched);
    const copies = await copiesOf(erasable);
    if (confirm === null) return json(200, { matched, ...left, erased: 0, copies, walEmptied: null });
    let erased = 0;
    try {
      for (let at = 0; at < matched && !signal.aborted; at += BATCH_SIZE) {
        erased += await eraseBatch(erasable.slice(at, at + BATCH_SIZE), order);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || erased === 0) throw error;
      const detail = `${erased} were erased. Count and send it again later for the others.`;
      return storeUnavailable(detail, { matched, done: erased });
    }
    return json(200, { matched, ...left, erased, copies, walEmptied: await store.emptyWal() });
  }
}

function stateOf({ erasedAt, heldAt, resolvedAt }: Execution): 'erased' | 'held' | 'open' | 'erasable' {
  if (erasedAt !== null) return 'erased';
  if (heldAt !== null) return 'held';
  return resolvedAt === null ? 'open' : 'erasable';
}

/** Reads the search of a page. An empty one means all executions: the count is confirmed. */
export function parseErasureFilter(named: { readonly [name: string]: string }): Validated<ExecutionFilter> {
  const filter = validate(v.object({ ...ERASURE_FILTER, ...ENDED_FILTER }), named);
  return filter.valid ? { valid: true, value: { ...filter.value, app: filter.value.app ?? null } } : filter;
}

function parseErasure(body: Json): Validated<v.InferOutput<typeof ERASURE>> {
  if (!isJsonObject(body)) return NOT_AN_OBJECT;
  const erasure = validate(ERASURE, body);
  const named = Object.keys(body).filter((name) => name !== 'reason' && name !== 'confirm');
  if (!erasure.valid || named.length > 0) return erasure;
  const detail = 'must name at least one filter; {"from":"2000-01-01"} means all that have ended';
  return { valid: false, errors: [{ pointer: '#', detail }] };
}

function openDetail({ status }: Execution): string {
  return `It is ${status}: content may still arrive. Cancel it first, or erase it when it has ended.`;
}

const HELD_DETAIL = 'It is held. Release it first: POST /v1/executions/{correlationId}/release.';

function countDiffers(confirmed: number, matched: number): Response {
  const detail = `${confirmed} were confirmed, and ${matched} match now. Nothing was erased: count again without confirm.`;
  return problem('count-differs', detail, { members: { matched } });
}
