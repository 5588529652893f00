// Erasing and holding from a page. The question has a field for the reason, and the answer names the files that remain.

import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { many } from '../../lib/figures.ts';
import type { Order } from '../../store/erasure-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type BulkErasure, type EraseOne, parseErasureFilter } from '../executions/erase.ts';
import { type OrderedHold, orderOf } from '../executions/order.ts';
import type { Html } from '../html.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import { atLeast, type Confirmation, type ConfirmedAction, takePatience } from './confirmation.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge } from './format.ts';
import { pageResponse } from './layout.ts';
import { invalid, notFound, refusedBy } from './refusals.ts';
import { describeSearch, searchOf, seeOther, urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export interface ErasureVerbs {
  readonly eraseOne: EraseOne;
  readonly eraseSelection: BulkErasure;
  readonly hold: OrderedHold;
  readonly release: OrderedHold;
}

export const ERASED_PARTS =
  'Inputs, context, results, errors, stored bodies and what the audit trail quotes of them are erased. Their hashes, the identifiers and the times stay. This cannot be undone.';

export const REASON_FIELD = html`<p><label for="reason">Reason, which the audit trail keeps</label>
<input id="reason" name="reason" required maxlength="500" autocomplete="off"></p>`;

export function createErasureActions(
  {
    store,
    sensitiveFields,
  }: Pick<ConsoleDependencies, 'store'> & Pick<ConsoleDependencies['pages'], 'sensitiveFields'>,
  confirmation: Confirmation,
  verbs: ErasureVerbs,
) {
  const { question, confirmedOrder } = confirmation;
  /** @param act performs the order and returns the response to show. */
  function onExecution(
    texts: { readonly title: string; readonly yes: string; readonly danger?: boolean },
    explanation: string,
    act: (execution: Execution, order: Order, viewer: Viewer) => Promise<Response>,
  ): ConfirmedAction {
    return confirmedOrder(
      async (c, _caller, viewer) => {
        const one = await store.find(c.req.param('correlationId') ?? '');
        if (one === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const text = html`<p><code>${one.correlationId}</code> ${badge(one.status)} ${one.actionId}, of ${one.app}</p>
<p>${explanation}</p>`;
        const back = pathOf(one.correlationId);
        return question(viewer, { ...texts, section: EXECUTIONS, text, fields: REASON_FIELD, back });
      },
      async (c, caller, form) => {
        const viewer = viewerOf(caller);
        const one = await store.find(c.req.param('correlationId') ?? '');
        if (one === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const order = orderOf(form.get('reason'), caller);
        if (!order.valid) return invalid(viewer, EXECUTIONS, order.errors, pathOf(one.correlationId));
        return act(one, order.value, viewer);
      },
    );
  }

  const onHold = (action: 'hold' | 'release', texts: Parameters<typeof onExecution>[0], explanation: string) =>
    onExecution(texts, explanation, async ({ reference, correlationId }, order, viewer) => {
      const held = await verbs[action]({ reference, correlationId }, order);
      return held === undefined
        ? notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION)
        : seeOther(`${pathOf(correlationId)}?done=${action}`);
    });

  return {
    erase: onExecution(
      { title: 'Erase the content of this execution?', yes: 'Yes, erase it', danger: true },
      ERASED_PARTS,
      async ({ reference, correlationId }, order, viewer) => {
        const response = await verbs.eraseOne({ reference, correlationId }, order);
        const back = pathOf(correlationId);
        return response.ok ? erasedPage(response, viewer, back) : refusedBy(response, viewer, EXECUTIONS, back);
      },
    ),
    hold: onHold(
      'hold',
      { title: 'Hold this execution?', yes: 'Yes, hold it' },
      'Nothing of it is pruned or erased until it is released. All later audit entries stay as long, too.',
    ),
    release: onHold(
      'release',
      { title: 'Release this execution?', yes: 'Yes, release it' },
      'Retention applies to it again, and it can be erased.',
    ),
    eraseAll: eraseAll({ store, hidden: sensitiveFields }, confirmation, verbs),
  };
}

/** How many executions are counted without an order to wait, and for how long the database is scanned for them, in milliseconds. */
const QUICK = { limit: 200, scanMs: 30 };

/** The selection is what the list shows, which does not search hidden members. */
function eraseAll(
  { store, hidden }: Pick<ConsoleDependencies, 'store'> & { readonly hidden: readonly string[] },
  { question, confirmedOrder }: Confirmation,
  verbs: ErasureVerbs,
): ConfirmedAction {
  return confirmedOrder(
    async (c, caller, viewer) => {
      const search = searchOf(c);
      const isPatient = takePatience(search);
      const back = urlWith(EXECUTIONS, search, {});
      const filter = parseErasureFilter(Object.fromEntries(search));
      if (!filter.valid) return invalid(viewer, EXECUTIONS, filter.errors, back);
      const title = 'Erase the content of all of these?';
      // promise: erasure-is-not-delayed-by-its-count
      if (!isPatient) {
        const { count, isWhole } = await store.countMatches({ ...filter.value, hidden, ...QUICK }, c.req.raw.signal);
        if (!isWhole) {
          const head = html`<h1>${title}</h1><p>${atLeast(count, 'execution', search)} of: ${describeSearch(search)}</p>
<p>An erasure needs the exact number. Counting them can take some seconds.</p><p><a href="${back}">No, go back</a></p>`;
          return pageResponse(200, viewer, { title, section: EXECUTIONS, head });
        }
      }
      const counted = await verbs.eraseSelection({ ...filter.value, hidden }, UNNAMED(caller), null, c.req.raw.signal);
      if (!counted.ok) return refusedBy(counted, viewer, EXECUTIONS, back);
      const { matched, open, held } = (await counted.json()) as Counted;
      const text = html`<p>${many(matched, 'execution')} of: ${describeSearch(search)}</p>
<p>${ERASED_PARTS} Of this search, ${many(open, 'execution')} not ended and ${many(held, 'held execution')} stay as they are.</p>`;
      const fields = html`<input type="hidden" name="confirm" value="${matched}">${REASON_FIELD}`;
      const yes = `Yes, erase ${many(matched, 'execution')}`;
      return question(viewer, { section: EXECUTIONS, title, text, fields, yes, danger: true, back });
    },
    async (c, caller, form) => {
      const search = searchOf(c);
      takePatience(search);
      const viewer = viewerOf(caller);
      const back = urlWith(EXECUTIONS, search, {});
      const filter = parseErasureFilter(Object.fromEntries(search));
      const order = orderOf(form.get('reason'), caller);
      if (!filter.valid) return invalid(viewer, EXECUTIONS, filter.errors, back);
      if (!order.valid) return invalid(viewer, EXECUTIONS, order.errors, back);
      const confirm = Number(/^\d{1,9}$/.exec(form.get('confirm') ?? '')?.[0] ?? Number.NaN);
      const response = await verbs.eraseSelection({ ...filter.value, hidden }, order.value, confirm, c.req.raw.signal);
      return response.ok ? erasedPage(response, viewer, back) : refusedBy(response, viewer, EXECUTIONS, back);
    },
  );
}

export interface Counted {
  readonly matched: number;
  readonly open: number;
  readonly held: number;
}

/** A count writes nothing, so that it needs no reason. */
export const UNNAMED = (caller: Identity): Order => ({ by: callerName(caller), reason: '' });

export async function erasedPage(response: Response, viewer: Viewer, back: string): Promise<Response> {
  const {
    erased = 1,
    copies,
    walEmptied,
  } = (await response.json()) as {
    readonly erased?: number;
    readonly copies: readonly string[];
    readonly walEmptied: boolean;
  };
  const title = `The content of ${many(erased, 'execution')} is erased`;
  const files: Html =
    copies.length === 0
      ? html`<p>Backups, and exports that were written elsewhere, may still hold it.</p>`
      : html`<p>These files may still hold it, as may backups and exports that were written elsewhere:</p>
<ul>${copies.map((path) => html`<li><code>${path}</code></li>`)}</ul>`;
  const wal = walEmptied
    ? ''
    : html`<p>Earlier states of the rows remain in files of the database. With SQLite another program reads them, and they stay until the
receiver stops at the latest. A PostgreSQL server keeps them until <code>VACUUM</code>, and longer in its write-ahead log, standbys and
archives.</p>`;
  const head = html`<h1>${title}</h1>${files}${wal}<p><a href="${back}">Back</a></p>`;
  return pageResponse(200, viewer, { title, section: EXECUTIONS, head });
}
