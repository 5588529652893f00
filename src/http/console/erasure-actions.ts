// Erasing and holding from a page. The question has a field for the reason, and the answer names the files that remain.

import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Order } from '../../store/erasure-port.ts';
import type { ExecutionFilter } from '../../store/port.ts';
import type { HttpParts } from '../dependencies.ts';
import type { BulkCaller } from '../executions/actions.ts';
import { createBulkErasure, createErasureOfOne, parseErasureFilter } from '../executions/erase.ts';
import { createHold } from '../executions/hold.ts';
import { type ActionByOrder, orderOf } from '../executions/order.ts';
import type { Html } from '../html.ts';
import { callerName, type Identity } from '../middleware/identity.ts';
import type { Confirmation, Confirmed, ConfirmedAction, Question } from './confirmation.ts';
import { executionLine, onExecution } from './execution-actions.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { pageResponse } from './layout.ts';
import { refusedBy } from './refusals.ts';
import { describeSearch } from './search.ts';
import { atLeast, type Searched, searched } from './searched.ts';
import { type Viewer, viewerOf } from './viewer.ts';

export const ERASED_PARTS =
  'Inputs, context, results, errors, stored bodies and what the audit trail quotes of them are erased. Their hashes, the identifiers and the times stay. This cannot be undone.';

const REASON_FIELD = html`<p><label for="reason">Reason, which the audit trail keeps</label>
<input id="reason" name="reason" required maxlength="500" autocomplete="off"></p>`;

const orderIn = (form: URLSearchParams, caller: Identity) => orderOf(form.get('reason'), caller);

export function createErasureActions(deps: HttpParts, confirmation: Confirmation) {
  const onOne = (
    act: ActionByOrder,
    texts: Pick<Question, 'title' | 'yes' | 'danger'>,
    explanation: string,
    done: (response: Response, viewer: Viewer, back: string) => string | Promise<Response>,
  ): ConfirmedAction =>
    confirmation.onItem({
      ...onExecution(deps.store),
      readReason: orderIn,
      ask: (one) => ({ ...texts, text: html`${executionLine(one)}<p>${explanation}</p>`, fields: REASON_FIELD }),
      perform: (one, { reason }) => act(one, reason),
      done: ({ correlationId }, response, viewer) => done(response, viewer, pathOf(correlationId)),
    });

  return {
    erase: onOne(
      createErasureOfOne(deps),
      { title: 'Erase the content of this execution?', yes: 'Yes, erase it', danger: true },
      ERASED_PARTS,
      erasedPage,
    ),
    hold: onOne(
      createHold(deps, 'hold'),
      { title: 'Hold this execution?', yes: 'Yes, hold it' },
      'Nothing of it is pruned or erased until it is released. All later audit entries stay as long, too.',
      (_response, _viewer, back) => `${back}?done=hold`,
    ),
    release: onOne(
      createHold(deps, 'release'),
      { title: 'Release this execution?', yes: 'Yes, release it' },
      'Retention applies to it again, and it can be erased.',
      (_response, _viewer, back) => `${back}?done=release`,
    ),
    eraseAll: eraseAll(deps, confirmation),
  };
}

/** How many executions are counted without an order to wait, and for how long the database is scanned for them, in milliseconds. */
const QUICK = { limit: 200, scanMs: 30 };

/** The selection is what the list shows, which does not search hidden members. */
function eraseAll(deps: HttpParts, { onItem }: Confirmation): ConfirmedAction {
  const { store, pages } = deps;
  const erasure = createErasureOfMany(deps);
  return onItem<Searched<ExecutionFilter>, Order>({
    ...erasure,
    find: searched(EXECUTIONS, (named) => {
      const filter = parseErasureFilter(named);
      return filter.valid ? { valid: true, value: { ...filter.value, hidden: pages.sensitiveFields } } : filter;
    }),
    ask: async (asked, { caller, signal }) => {
      const { search, isPatient, back, selection } = asked;
      const title = 'Erase the content of all of these?';
      // promise: erasure-is-not-delayed-by-its-count
      if (!isPatient) {
        const { count, isWhole } = await store.countMatches({ ...selection, ...QUICK }, signal);
        if (!isWhole) {
          const head = html`<h1>${title}</h1><p>${atLeast(count, 'execution', search)} of: ${describeSearch(search)}</p>
<p>An erasure needs the exact number. Counting them can take some seconds.</p><p><a href="${back}">No, go back</a></p>`;
          return pageResponse(200, viewerOf(caller), { title, section: EXECUTIONS, head });
        }
      }
      return erasure.askFor(
        asked,
        { caller, signal },
        title,
        ({ matched, open, held }) => html`<p>${many(matched, 'execution')} of: ${describeSearch(search)}</p>
<p>${ERASED_PARTS} Of this search, ${many(open, 'execution')} not ended and ${many(held, 'held execution')} stay as they are.</p>`,
      );
    },
  });
}

interface Counted {
  readonly matched: number;
  readonly open: number;
  readonly held: number;
}

/** What is erased together, and the page that follows. */
interface Erasable {
  readonly selection: ExecutionFilter;
  readonly back: string;
}

/** Returns what the erasures of many executions have in common: a question with their number, which its form confirms. */
export function createErasureOfMany(deps: HttpParts) {
  const erase = createBulkErasure(deps);
  return {
    section: EXECUTIONS,
    back: ({ back }: Pick<Erasable, 'back'>) => back,
    readReason: orderIn,
    /** Counts them. A count writes nothing, so that it needs no reason. */
    askFor: async (
      { selection, back }: Erasable,
      { caller, signal }: Pick<BulkCaller, 'caller' | 'signal'>,
      title: string,
      textOf: (counted: Counted) => Html,
    ) => {
      const response = await erase(selection, { by: callerName(caller), reason: '' }, null, signal);
      if (!response.ok) return refusedBy(response, viewerOf(caller), EXECUTIONS, back);
      const counted = (await response.json()) as Counted;
      return {
        title,
        text: textOf(counted),
        fields: html`<input type="hidden" name="confirm" value="${counted.matched}">${REASON_FIELD}`,
        yes: `Yes, erase ${many(counted.matched, 'execution')}`,
        danger: true,
      };
    },
    perform: ({ selection }: Erasable, { form, reason, signal }: Confirmed<Order>) =>
      erase(selection, reason, Number(/^\d{1,9}$/.exec(form.get('confirm') ?? '')?.[0] ?? Number.NaN), signal),
    done: ({ back }: Pick<Erasable, 'back'>, response: Response, viewer: Viewer) => erasedPage(response, viewer, back),
  } as const;
}

async function erasedPage(response: Response, viewer: Viewer, back: string): Promise<Response> {
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
