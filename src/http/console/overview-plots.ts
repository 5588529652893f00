// The plots of the overview: submissions, outcomes, channels of outcomes, and response times of CXone.

import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Overview } from '../../stats/dashboard/dashboard.ts';
import { type Html, table } from '../html.ts';
import { clock, duration, number, share } from './format.ts';
import { bars, type Part, parts } from './plots/bars.ts';
import { describeOutcomes, OUTCOMES, outcomeValues } from './plots/outcomes.ts';

export function outcomes(overview: Overview): Html {
  const { steps, submitted, ended } = overview;
  const period = periodOf(overview);
  const [from, until] = ends(overview);
  const came = bars({
    ...period,
    file: 'submitted',
    title: `Submitted: ${number(submitted)}`,
    summary: `${many(submitted, 'execution')} submitted between ${from} and ${until}`,
    kinds: [{ name: 'Submitted', look: 'fill-plain' }],
    columns: steps.map((step) => ({
      tooltip: `${clock(step.at)}: ${number(step.submitted)} submitted`,
      values: [step.submitted],
    })),
  });
  const went = bars({
    ...period,
    file: 'ended',
    title: `Ended: ${number(ended)}`,
    summary: `${many(ended, 'execution')} ended between ${from} and ${until}: ${describeOutcomes(overview)}`,
    kinds: OUTCOMES,
    columns: steps.map((step) => ({
      tooltip: `${clock(step.at)}: ${describeOutcomes(step)}`,
      values: outcomeValues(step),
    })),
  });
  return html`${came}${went}`;
}

export function shares({ byResolver, ended, late, upstreamErrors }: Overview): Html {
  const withShare = (count: number) => `${number(count)} (${share(count, ended)})`;
  const ways: Part[] = [
    { name: 'Callback', look: 'fill-good', count: byResolver.callback, value: withShare(byResolver.callback) },
    { name: 'Poll', look: 'fill-poll', count: byResolver.poll, value: withShare(byResolver.poll) },
    { name: 'Submit response', look: 'fill-soft', count: byResolver.submit, value: withShare(byResolver.submit) },
    { name: 'Time-out', look: 'fill-warn', count: byResolver.deadline, value: withShare(byResolver.deadline) },
    { name: 'Cancelled', look: 'fill-calm', count: byResolver.cancel, value: withShare(byResolver.cancel) },
  ];
  return html`<div class="which">${parts('How the outcome became known', ways)}
<p class="quiet">${many(late, 'result')} arrived late. ${many(upstreamErrors, 'request')} to CXone failed.</p></div>`;
}

export function waits(overview: Overview): Html {
  const { p50, p95 } = overview.upstream;
  return html`<div>${bars({
    ...periodOf(overview),
    file: 'response-time',
    title: 'Response time of CXone',
    summary: `CXone responded in ${duration(p50)} at the median and ${duration(p95)} at the 95th percentile`,
    kinds: [
      { name: 'Median', look: 'fill-plain' },
      { name: '95th percentile', look: 'fill-soft' },
    ],
    columns: overview.steps.map(({ at, upstream }) => ({
      tooltip: `${clock(at)}: median ${duration(upstream.p50)}, p95 ${duration(upstream.p95)}`,
      values: [upstream.p50 ?? 0, Math.max(0, (upstream.p95 ?? 0) - (upstream.p50 ?? 0))],
    })),
    label: duration,
  })}
<details id="numbers"><summary>These plots as numbers</summary>${asNumbers(overview)}</details></div>`;
}

function asNumbers({ steps }: Overview): Html {
  const rows = steps
    .filter(({ submitted, ended, upstream }) => submitted + ended + upstream.count > 0)
    .map((step) => {
      const counts = outcomeValues(step).map(
        (count, index) => html`<td data-name="${OUTCOMES[index]?.name ?? ''}">${number(count)}</td>`,
      );
      return html`<tr><th scope="row">${clock(step.at)}</th><td data-name="Submitted">${number(step.submitted)}</td>${counts}
<td data-name="CXone, median">${duration(step.upstream.p50)}</td><td data-name="CXone, p95">${duration(step.upstream.p95)}</td></tr>`;
    });
  return table(
    'Empty intervals are omitted',
    ['From', 'Submitted', ...OUTCOMES.map(({ name }) => name), 'CXone, median', 'CXone, p95'],
    rows,
  );
}

function periodOf({ steps, stepMs }: Overview): { readonly from: number; readonly to: number } {
  return { from: steps[0]?.at ?? 0, to: (steps.at(-1)?.at ?? 0) + stepMs };
}

function ends(overview: Overview): [from: string, until: string] {
  const { from, to } = periodOf(overview);
  return [clock(from), clock(to)];
}
