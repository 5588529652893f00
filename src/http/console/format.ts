// Formats times (UTC), durations, numbers and states for operators.

import { html } from 'hono/html';
import type { Status } from '../../execution/execution.ts';
import { formatDuration, grouped, percent } from '../../lib/figures.ts';
import { currentRequest } from '../../lib/request-context.ts';
import { isoTime } from '../../lib/time.ts';
import type { NotificationStatus } from '../../notification/notification.ts';
import type { Html } from '../html.ts';

export const NOTHING = '–';

/** `2026-01-31 12:00:00.123 2 min ago`, with the machine-readable time, from which the script shows the local one. */
export function moment(time: number | null): Html {
  if (time === null) return html`${NOTHING}`;
  const iso = isoTime(time);
  const now = currentRequest()?.at;
  const relative = now === undefined ? '' : html` <small class="ago">${distance(time, now)}</small>`;
  return html`<time datetime="${iso}"><span class="at">${iso.slice(0, 10)} ${iso.slice(11, 23)}</span>${relative}</time>`;
}

/** Like `moment`, to the second: `2026-01-31 12:00:00 2 min ago`. */
export function stamp(time: number): Html {
  const iso = isoTime(time);
  const now = currentRequest()?.at;
  const relative = now === undefined ? '' : html` <small class="ago">${distance(time, now)}</small>`;
  return html`<time datetime="${iso}"><span class="at">${iso.slice(0, 10)} ${iso.slice(11, 19)}</span>${relative}</time>`;
}

const ISO_TIME = /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/;

/** Shows the ISO 8601 times in a sentence as pages show times. */
export function withTimes(sentence: string): Html {
  const parts = sentence.split(ISO_TIME).map((part, index) => {
    // A name in the sentence may look like a time without being one.
    const time = index % 2 === 1 ? Date.parse(part) : Number.NaN;
    return Number.isNaN(time) ? html`${part}` : stamp(time);
  });
  return html`${parts}`;
}

/** `2 min ago`, `in 12 s`, `now`. */
function distance(time: number, now: number): string {
  const ms = time - now;
  if (Math.abs(ms) < 1_000) return 'now';
  return ms < 0 ? `${duration(-ms)} ago` : `in ${duration(ms)}`;
}

/** `12:00`, for the axis of a plot. */
export function clock(time: number): string {
  return isoTime(time).slice(11, 16);
}

/** `850 ms`, `2.4 s`, `12 min`. */
export function duration(milliseconds: number | null): string {
  return milliseconds === null ? NOTHING : formatDuration(milliseconds);
}

export function number(value: number): string {
  return grouped(value);
}

export function share(part: number, whole: number): string {
  return percent(part, whole) ?? NOTHING;
}

/** The word carries the meaning; the colour only helps. */
export function badge(status: Status | NotificationStatus): Html {
  return html`<span class="badge ${status.toLowerCase().replace('_', '-')}">${status}</span>`;
}
