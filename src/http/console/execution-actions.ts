// Polling and cancelling from a page: one execution, or all that match a search. Submitting an ended one again, after a question that states that it may have run.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { whyNotResubmittable } from '../../execution/resubmission.ts';
import type { HttpParts } from '../dependencies.ts';
import { createActionOnOne, createBulkAction } from '../executions/actions.ts';
import { parseSelection } from '../executions/query.ts';
import { createResubmit, notResubmittable } from '../executions/resubmit.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { reasonIn } from '../operators/reason.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge, moment } from './format.ts';
import { notFound, refusedBy } from './refusals.ts';
import { viewerOf } from './viewer.ts';

export const CANCEL_WARNING =
  'ends here as CANCELLED, and its app is notified. What was sent to CXone may still run there. This cannot be undone.';

type Texts = Pick<Question, 'title' | 'yes' | 'danger'>;

/** What the actions on one execution have in common. */
export function onExecution(store: Pick<HttpParts['store'], 'find'>) {
  return {
    section: EXECUTIONS,
    find: async (c: Context, caller: Identity) =>
      (await store.find(c.req.param('correlationId') ?? '')) ??
      notFound(viewerOf(caller), EXECUTIONS, UNKNOWN_EXECUTION),
    back: ({ correlationId }: Execution) => pathOf(correlationId),
  } as const;
}

export function executionLine(one: Execution): Html {
  return html`<p><code>${one.correlationId}</code> ${badge(one.status)} ${one.actionId}, of ${one.app}</p>
`;
}

export function createExecutionActions(deps: HttpParts, { onItem, onSelection }: Confirmation) {
  const { store, pages } = deps;
  const actOnSelection = createBulkAction(deps);

  function onOne(action: 'poll' | 'cancel', texts: Texts, explanation: string): ConfirmedAction {
    const act = createActionOnOne(deps, action);
    return onItem({
      ...onExecution(store),
      readReason: reasonIn,
      ask: (one) => ({ ...texts, text: html`${executionLine(one)}<p>${explanation}</p>` }),
      perform: (_one, { c, caller, reason }) => act(c, caller, reason),
      done: ({ correlationId }) => `${pathOf(correlationId)}?done=${action}`,
    });
  }

  const onMatching = (action: 'poll' | 'cancel', texts: Texts, explanation: string) =>
    onSelection({
      ...texts,
      section: EXECUTIONS,
      noun: 'execution',
      explanation,
      done: `${action}-all`,
      parse: (named) => {
        const selection = parseSelection(Object.keys(named).length === 0 ? { status: 'OPEN' } : named);
        if (!selection.valid) return selection;
        // The selection is what the list shows, which does not search hidden members.
        return { valid: true, value: { ...selection.value, hidden: pages.sensitiveFields } };
      },
      read: store.list,
      count: store.countMatches,
      counts: ({ resolvedAt }) => resolvedAt === null,
      perform: (selection, by) => actOnSelection(action, selection, by),
      performed: (body) => body['done'],
    });

  return {
    poll: onOne(
      'poll',
      { title: 'Poll now?', yes: 'Yes, poll now' },
      'CXone is polled at once. The audit trail records your name.',
    ),
    cancel: onOne(
      'cancel',
      { title: 'Cancel this execution?', yes: 'Yes, cancel it', danger: true },
      `The execution ${CANCEL_WARNING}`,
    ),
    pollAll: onMatching(
      'poll',
      { title: 'Poll all of these?', yes: 'Yes, poll them now' },
      'CXone is polled for each execution that has an id there, as fast as its limits allow.',
    ),
    cancelAll: onMatching(
      'cancel',
      { title: 'Cancel all of these?', yes: 'Yes, cancel them', danger: true },
      `Each execution ${CANCEL_WARNING}`,
    ),
    resubmit: resubmission(deps, onItem),
  };
}

function resubmission(deps: HttpParts, onItem: Confirmation['onItem']): ConfirmedAction {
  const resubmit = createResubmit(deps);
  return onItem({
    ...onExecution(deps.store),
    readReason: reasonIn,
    ask: (one, { caller }) => {
      const why = one.resubmittedAs === null ? whyNotResubmittable(one) : null;
      if (why !== null)
        return refusedBy(notResubmittable(one, why), viewerOf(caller), EXECUTIONS, pathOf(one.correlationId));
      return {
        title: 'Submit this execution again?',
        text: html`${executionLine(one)}${riskOf(one)}
<p>A new execution with the same inputs, context and settings is accepted under another id. The two are linked. Its app gets the
result under the new id.</p>`,
        yes: one.attempts === 0 ? 'Yes, submit it again' : 'Yes, submit it again although it may have run',
        danger: true,
      };
    },
    perform: (one, { caller, reason }) => resubmit(one, caller, reason),
    done: async (_one, response) => {
      const { correlationId } = (await response.json()) as { readonly correlationId: string };
      return `${pathOf(correlationId)}?done=resubmit`;
    },
  });
}

function riskOf({ attempts, sentAt, status }: Execution): Html {
  if (attempts === 0) return html`<p>It was never sent to CXone.</p>`;
  const sent = sentAt === null ? 'It was sent to CXone' : html`It was sent to CXone at ${moment(sentAt)}`;
  const rejected = status === 'REJECTED' ? ' CXone rejected it, so that it most likely did not run.' : '';
  return html`<div class="notice refused"><p><strong>The old execution may have run at CXone.</strong> ${sent}, and ended here as
${status} without a result.${rejected} If it ran, the action runs twice: a card may be charged twice.</p></div>`;
}
