// Polling and cancelling from a page: one execution, or all that match a search. Submitting an ended one again, after a question that states that it may have run.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { whyNotResubmittable } from '../../execution/resubmission.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { ActionOnOne, BulkAction } from '../executions/actions.ts';
import { parseSelection } from '../executions/query.ts';
import { notResubmittable, type Resubmit } from '../executions/resubmit.ts';
import type { Html } from '../html.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge, moment } from './format.ts';
import { notFound, refusedBy } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

export interface ExecutionVerbs {
  readonly poll: ActionOnOne;
  readonly cancel: ActionOnOne;
  readonly actOnSelection: BulkAction;
}

export const CANCEL_WARNING =
  'ends here as CANCELLED, and its app is notified. What was sent to CXone may still run there. This cannot be undone.';

export function createExecutionActions(
  {
    store,
    sensitiveFields,
  }: Pick<ConsoleDependencies, 'store'> & Pick<ConsoleDependencies['pages'], 'sensitiveFields'>,
  { question, confirmed, onSelection }: Confirmation,
  verbs: ExecutionVerbs,
) {
  function onExecution(
    action: 'poll' | 'cancel',
    texts: Pick<Question, 'title' | 'yes' | 'danger'>,
    explanation: string,
  ): ConfirmedAction {
    const idIn = (c: Context) => c.req.param('correlationId') ?? '';
    return confirmed(
      async (c, _caller, viewer) => {
        const one = await store.find(idIn(c));
        if (one === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const text = html`<p><code>${one.correlationId}</code> ${badge(one.status)} ${one.actionId}, of ${one.app}</p>
<p>${explanation}</p>`;
        return question(viewer, { ...texts, section: EXECUTIONS, text, back: pathOf(one.correlationId) });
      },
      async (c, caller, reason) => {
        const response = await verbs[action](c, caller, reason);
        const back = pathOf(idIn(c));
        return response.ok
          ? seeOther(`${back}?done=${action}`)
          : refusedBy(response, viewerOf(caller), EXECUTIONS, back);
      },
    );
  }

  const onMatching = (
    action: 'poll' | 'cancel',
    texts: Pick<Question, 'title' | 'yes' | 'danger'>,
    explanation: string,
  ) =>
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
        return { valid: true, value: { ...selection.value, hidden: sensitiveFields } };
      },
      read: store.list,
      count: store.countMatches,
      counts: ({ resolvedAt }) => resolvedAt === null,
      perform: (selection, by) => verbs.actOnSelection(action, selection, by),
      performed: (body) => body['done'],
    });

  return {
    poll: onExecution(
      'poll',
      { title: 'Poll now?', yes: 'Yes, poll now' },
      'CXone is polled at once. The audit trail records your name.',
    ),
    cancel: onExecution(
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
  };
}

export interface ResubmitVerbs {
  readonly resubmit: Resubmit;
}

export function createResubmitAction(
  { store }: Pick<ConsoleDependencies, 'store'>,
  { question, confirmed }: Confirmation,
  verbs: ResubmitVerbs,
): { readonly resubmit: ConfirmedAction } {
  return {
    resubmit: confirmed(
      async (c, _caller, viewer) => {
        const one = await store.find(c.req.param('correlationId') ?? '');
        if (one === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const why = one.resubmittedAs === null ? whyNotResubmittable(one) : null;
        if (why !== null) return refusedBy(notResubmittable(one, why), viewer, EXECUTIONS, pathOf(one.correlationId));
        const text = html`<p><code>${one.correlationId}</code> ${badge(one.status)} ${one.actionId}, of ${one.app}</p>
${riskOf(one)}
<p>A new execution with the same inputs, context and settings is accepted under another id. The two are linked. Its app gets the
result under the new id.</p>`;
        return question(viewer, {
          section: EXECUTIONS,
          title: 'Submit this execution again?',
          text,
          yes: one.attempts === 0 ? 'Yes, submit it again' : 'Yes, submit it again although it may have run',
          danger: true,
          back: pathOf(one.correlationId),
        });
      },
      async (c, caller, reason) => {
        const viewer = viewerOf(caller);
        const one = await store.find(c.req.param('correlationId') ?? '');
        if (one === undefined) return notFound(viewer, EXECUTIONS, UNKNOWN_EXECUTION);
        const response = await verbs.resubmit(one, caller, reason);
        if (!response.ok) return refusedBy(response, viewer, EXECUTIONS, pathOf(one.correlationId));
        const { correlationId } = (await response.json()) as { readonly correlationId: string };
        return seeOther(`${pathOf(correlationId)}?done=resubmit`);
      },
    ),
  };
}

function riskOf({ attempts, sentAt, status }: Execution): Html {
  if (attempts === 0) return html`<p>It was never sent to CXone.</p>`;
  const sent = sentAt === null ? 'It was sent to CXone' : html`It was sent to CXone at ${moment(sentAt)}`;
  const rejected = status === 'REJECTED' ? ' CXone rejected it, so that it most likely did not run.' : '';
  return html`<div class="notice refused"><p><strong>The old execution may have run at CXone.</strong> ${sent}, and ended here as
${status} without a result.${rejected} If it ran, the action runs twice: a card may be charged twice.</p></div>`;
}
