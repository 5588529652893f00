// The pages about actions: a list of those of the last day, and the plots of one action over a period.

import { html } from 'hono/html';
import * as v from 'valibot';
import { many } from '../../lib/figures.ts';
import { DAY_MS, isoTime } from '../../lib/time.ts';
import { type ActionCourse, MAX_COURSE_DAYS, type Period, readCourse } from '../../stats/action-course.ts';
import { LAST_DAY } from '../../stats/dashboard/dashboard.ts';
import { isSameScope } from '../../store/pauses-port.ts';
import { MAX_COURSE_EXECUTIONS } from '../../store/rollups-port.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Html } from '../html.ts';
import type { Identity } from '../middleware/identity.ts';
import { isIdentifier } from '../request/identifier.ts';
import { readQuery, time, wordFilter } from '../request/list-parameters.ts';
import type { Validated } from '../request/validate.ts';
import type { FieldError } from '../response/problem.ts';
import { ACTIONS, actionPath, actionsTable } from './data-actions-table.ts';
import { duration, moment, number } from './format.ts';
import { pageResponse } from './layout.ts';
import type { PageHandler } from './list-page.ts';
import { countedPart } from './overview-page.ts';
import { currentPauses, pauseUrl } from './pause-banner.ts';
import { courseCsv, coursePlots } from './plots/course-plots.ts';
import { csvResponse } from './plots/csv.ts';
import { notFound } from './refusals.ts';
import { problems, type Search, searchOf, seeOther, tidied, timeField, urlWith } from './search.ts';
import { type Viewer, viewerOf } from './viewer.ts';

/** The periods up to now, in milliseconds. */
const RANGES = { hour: DAY_MS / 24, day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;
type Range = keyof typeof RANGES;
const RANGE_NAMES = Object.keys(RANGES) as Range[];
const RANGE_TEXTS: Readonly<Record<Range, string>> = {
  hour: 'Last hour',
  day: 'Last 24 hours',
  week: 'Last 7 days',
  month: 'Last 30 days',
};

const QUERY = v.object({
  range: v.exactOptional(wordFilter(RANGE_NAMES, 'The period up to now.')),
  from: v.exactOptional(time('The beginning of the period.')),
  to: v.exactOptional(time('The end of the period; default: now.')),
});

export function createActionPages({ store, pages, runtime: { world } }: ConsoleDependencies) {
  const list: PageHandler = async (_c, caller) => {
    const overview = await pages.dashboard.overview(LAST_DAY);
    return pageResponse(200, viewerOf(caller), {
      title: 'Actions',
      section: ACTIONS,
      head: html`<h1>Actions</h1><p class="quiet">Each action has a page with its plots. The numbers are of the last 24 hours.</p>${countedPart(overview)}`,
      rest: actionsTable(overview.actions),
    });
  };

  /** Reads the course that a URL asks for, and passes it on. */
  function withCourse(show: (actionId: string, shown: Shown, caller: Identity) => Response): PageHandler {
    return async (c, caller) => {
      const elsewhere = tidied(new URL(c.req.url));
      if (elsewhere !== null) return seeOther(elsewhere);
      const viewer = viewerOf(caller);
      const actionId = c.req.param('actionId') ?? '';
      if (!isIdentifier(actionId)) return notFound(viewer, ACTIONS, 'No action has this name.');
      const search = searchOf(c);
      const asked = parsePeriod(search, world.now());
      if (asked.valid) {
        const course = await readCourse(store, actionId, asked.value);
        return show(actionId, { search, course, period: asked.value }, caller);
      }
      return pageResponse(422, viewer, {
        title: actionId,
        section: ACTIONS,
        head: html`${headOf(actionId, search)}${problems(asked.errors, search)}`,
      });
    };
  }

  return {
    list,
    page: withCourse((actionId, shown, caller) =>
      pageResponse(200, viewerOf(caller), {
        title: actionId,
        section: ACTIONS,
        head: html`${headOf(actionId, shown.search)}${pauseLink(actionId, viewerOf(caller))}`,
        rest: plotsPart(actionId, shown),
        hasPlots: true,
      }),
    ),
    csv: withCourse((actionId, { course }) => csvResponse(actionId, courseCsv(course))),
  };
}

interface Shown {
  readonly search: Search;
  readonly period: Period;
  readonly course: ActionCourse;
}

function parsePeriod(search: Search, now: number): Validated<Period> {
  const query = readQuery(QUERY, search);
  if (!query.valid) return query;
  const { range, from, to } = query.value;
  if (range !== undefined && (from ?? to) !== undefined) {
    return invalid('range', 'is a period up to now; leave out either it or from and to');
  }
  const end = to ?? now;
  const begin = from ?? end - RANGES[range ?? 'day'];
  if (begin >= end) return invalid('from', to === undefined ? 'must be before now' : 'must be before to');
  if (end - begin > MAX_COURSE_DAYS * DAY_MS) {
    return invalid('from', `must be at most ${MAX_COURSE_DAYS} days before ${to === undefined ? 'now' : 'to'}`);
  }
  return { valid: true, value: { from: begin, to: end } };
}

function invalid(name: string, detail: string): { readonly valid: false; readonly errors: readonly FieldError[] } {
  return { valid: false, errors: [{ pointer: `#/${name}`, detail }] };
}

/** A pause that is in force stands at the top of the page. */
function pauseLink(actionId: string, { mayChange }: Viewer): Html {
  const scope = { app: null, actionId };
  if (!mayChange || currentPauses().some((pause) => isSameScope(pause, scope))) return html``;
  return html`<p><a class="button" href="${pauseUrl(scope)}">Pause this action…</a></p>`;
}

function headOf(actionId: string, search: Search): Html {
  const path = actionPath(actionId);
  const isDefault = search.size === 0;
  const links = RANGE_NAMES.map((range) => {
    const isChosen = search.get('range') === range || (isDefault && range === 'day');
    return html`<a href="${path}?range=${range}"${isChosen ? html` aria-current="true"` : ''}>${RANGE_TEXTS[range]}</a> `;
  });
  return html`<p class="crumb"><a href="${ACTIONS}">Actions</a></p>
<h1><code>${actionId}</code></h1>
<p class="choice">${links}</p>
<form class="search" method="get" action="${path}" role="search" aria-label="Period">
${timeField(search, 'from', 'Submitted from')}
${timeField(search, 'to', 'Submitted before')}
<p class="go"><button type="submit">Show</button></p>
</form>`;
}

function plotsPart(actionId: string, { search, course, period }: Shown): Html {
  const { stepMs, timing, total, countedFrom, isCoarse } = course;
  const path = actionPath(actionId);
  const csv = urlWith(`${path}/plots.csv`, search, {});
  const executions = urlWith('/console/executions', new URLSearchParams({ actionId }), inUrl(period));
  return html`<h2>Plots</h2>
<p>${many(total.submitted, 'execution')} submitted from ${moment(period.from)} to ${moment(period.to)}, in steps of
${duration(stepMs)}. <a href="${executions}">List them</a></p>
${neighbours(path, period)}
${isCoarse ? html`<p class="quiet">The steps are hours, because more than ${number(MAX_COURSE_EXECUTIONS)} executions of all actions were submitted in this period. A shorter period has shorter steps.</p>` : ''}
${countedFrom === null ? '' : html`<p class="quiet">Earlier executions are still being counted: the plots include those submitted since ${moment(countedFrom)}.</p>`}
<div class="plots">${coursePlots({ actionId, course, csv })}</div>
<p class="quiet">Each column counts the executions that were submitted in its step. Times of the axes are UTC. Run times are from submission to
outcome, without time-outs and cancellations.${
    timing === null
      ? ''
      : ` The lines show the most common setting of the latest executions: ${number(timing.graceSeconds)} s of grace period and ${number(timing.timeoutSeconds)} s of polling, from the time of sending.`
  }</p>`;
}

/** The periods before and after this one, and the one around it: what dragging does, without script and pointer. */
function neighbours(path: string, { from, to }: Period): Html {
  const span = to - from;
  const link = (text: string, period: Period) =>
    html`<a href="${urlWith(path, new URLSearchParams(), inUrl(period))}">${text}</a> `;
  const middle = { from: from + span / 4, to: to - span / 4 };
  const around = { from: from - span / 2, to: to + span / 2 };
  const canWiden = 2 * span <= MAX_COURSE_DAYS * DAY_MS;
  return html`<p class="choice">${link('Earlier', { from: from - span, to: from })}${link('Later', { from: to, to: to + span })}
${span >= 4_000 ? link('Zoom in', middle) : ''}${canWiden ? link('Zoom out', around) : ''}</p>`;
}

function inUrl({ from, to }: Period): { readonly from: string; readonly to: string } {
  return { from: isoTime(Math.round(from)), to: isoTime(Math.round(to)) };
}
