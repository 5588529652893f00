// The plots of the overview: submissions, outcomes, channels of outcomes, and response times of CXone.

import { html } from 'hono/html';
import type { IntervalCounts, Overview } from '../../stats/dashboard/dashboard.ts';
import { type Html, table } from '../html.ts';
import { clock, duration, many, number, share } from './format.ts';
import { type Part, parts, plot } from './plots.ts';

const OUTCOMES = [
  { name: 'Completed', colour: 'fill-good' },
  { name: 'Failed', colour: 'fill-bad' },
  { name: 'Timed out', colour: 'fill-warn' },
  { name: 'Cancelled', colour: 'fill-calm' },
];

function endings({ byStatus }: Pick<IntervalCounts, 'byStatus'>): number[] {
  const { COMPLETED, FAILED, REJECTED, NOT_FOUND, TIMEOUT, CANCELLED } = byStatus;
  return [COMPLETED, FAILED + REJECTED + NOT_FOUND, TIMEOUT, CANCELLED];
}

export function outcomes(overview: Overview): Html {
  const { steps, submitted, ended } = overview;
  const words = (step: IntervalCounts) =>
    OUTCOMES.map(({ name }, index) => `${number(endings(step)[index] ?? 0)} ${name.toLowerCase()}`).join(', ');
  const [from, until] = ends(overview);
  const came = plot({
    title: `Submitted: ${number(submitted)}`,
    summary: `${many(submitted, 'execution')} submitted between ${from} and ${until}`,
    kinds: [{ name: 'Submitted', colour: 'fill-plain' }],
    columns: steps.map((step) => ({
      tooltip: `${clock(step.at)}: ${number(step.submitted)} submitted`,
      values: [step.submitted],
    })),
    top: (highest) => `${number(highest)} ${per(overview)}`,
    from,
    until,
  });
  const went = plot({
    title: `Ended: ${number(ended)}`,
    summary: `${many(ended, 'execution')} ended between ${from} and ${until}: ${endings(overview)
      .map((count, index) => `${number(count)} ${OUTCOMES[index]?.name.toLowerCase()}`)
      .join(', ')}`,
    kinds: OUTCOMES,
    columns: steps.map((step) => ({ tooltip: `${clock(step.at)}: ${words(step)}`, values: endings(step) })),
    top: (highest) => `${number(highest)} ${per(overview)}`,
    from,
    until,
  });
  return html`${came}${went}`;
}

export function shares({ byResolver, ended, late, upstreamErrors }: Overview): Html {
  const withShare = (count: number) => `${number(count)} (${share(count, ended)})`;
  const ways: Part[] = [
    { name: 'Callback', colour: 'fill-good', count: byResolver.callback, value: withShare(byResolver.callback) },
    { name: 'Poll', colour: 'fill-plain', count: byResolver.poll, value: withShare(byResolver.poll) },
    { name: 'Submit response', colour: 'fill-soft', count: byResolver.submit, value: withShare(byResolver.submit) },
    { name: 'Time-out', colour: 'fill-warn', count: byResolver.deadline, value: withShare(byResolver.deadline) },
    { name: 'Cancelled', colour: 'fill-calm', count: byResolver.cancel, value: withShare(byResolver.cancel) },
  ];
  return html`<div class="which">${parts('How the outcome became known', ways)}
<p class="quiet">${many(late, 'result')} arrived late. ${many(upstreamErrors, 'request')} to CXone failed.</p></div>`;
}

export function waits(overview: Overview): Html {
  const [from, until] = ends(overview);
  const { p50, p95 } = overview.upstream;
  return html`<div>${plot({
    title: 'Response time of CXone',
    summary: `CXone responded in ${duration(p50)} at the median and ${duration(p95)} at the 95th percentile`,
    kinds: [
      { name: 'Median', colour: 'fill-plain' },
      { name: '95th percentile', colour: 'fill-soft' },
    ],
    columns: overview.steps.map(({ at, upstream }) => ({
      tooltip: `${clock(at)}: median ${duration(upstream.p50)}, p95 ${duration(upstream.p95)}`,
      values: [upstream.p50 ?? 0, Math.max(0, (upstream.p95 ?? 0) - (upstream.p50 ?? 0))],
    })),
    top: duration,
    from,
    until,
  })}
<details id="numbers"><summary>These plots as numbers</summary>${asNumbers(overview)}</details></div>`;
}

function asNumbers({ steps }: Overview): Html {
  const rows = steps
    .filter(({ submitted, ended, upstream }) => submitted + ended + upstream.count > 0)
    .map((step) => {
      const counts = endings(step).map(
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

function ends({ steps, stepMs }: Overview): [from: string, until: string] {
  return [clock(steps[0]?.at ?? 0), clock((steps.at(-1)?.at ?? 0) + stepMs)];
}

function per({ stepMs }: Overview): string {
  return stepMs === 60_000 ? 'a minute' : `in ${duration(stepMs)}`;
}
