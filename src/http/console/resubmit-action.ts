// Submitting an ended execution again from its page, after a question that states that the old one may have run.

import { html } from 'hono/html';
import type { Execution } from '../../execution/execution.ts';
import { whyNotResubmittable } from '../../execution/resubmission.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { notResubmittable, type Resubmit } from '../executions/resubmit.ts';
import type { Html } from '../html.ts';
import type { Confirmation, ConfirmedAction } from './confirmation.ts';
import { UNKNOWN_EXECUTION } from './execution-page.ts';
import { EXECUTIONS, pathOf } from './executions-page.ts';
import { badge, moment } from './format.ts';
import { notFound, refusedBy } from './refusals.ts';
import { seeOther } from './search.ts';
import { viewerOf } from './viewer.ts';

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
