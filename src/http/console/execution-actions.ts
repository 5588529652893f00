// Polling and cancelling from a page: one execution, or all that match a search.

import type { Context } from 'hono';
import { html } from 'hono/html';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { ActionOnOne, BulkAction } from '../executions/actions.ts';
import { parseSelection } from '../executions/query.ts';
import type { Confirmation, ConfirmedAction, Question } from './confirmation.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge } from './format.ts';
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
