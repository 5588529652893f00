// A problem that the signals show now, and the thresholds at which one begins and ends. Pure.

import type { Extent, Incident } from './incident.ts';

export interface Finding extends Extent, Pick<Incident, 'cause' | 'subject' | 'problem' | 'actions' | 'apps'> {
  /** The first sign, milliseconds since the Unix epoch. */
  readonly since: number;
  /** The latest sign. */
  readonly until: number;
  /** References of affected executions, and of all that the extent counts; left out where executions are not counted. */
  readonly references?: { readonly affected: readonly string[]; readonly total: readonly string[] };
  /** True for what is over before it is found. */
  readonly isOver?: true;
}

/** What a finding says that is about no execution, and the only one of its cause. */
export const NO_EXECUTIONS = { subject: '', actions: [], apps: [], affected: 0, total: null } as const;

/** Incidents that have not ended, by their keys. */
export type OpenIncidents = ReadonlyMap<string, Incident>;

export function countOf<T>(items: readonly T[], matches: (item: T) => boolean): number {
  let count = 0;
  for (const item of items) if (matches(item)) count += 1;
  return count;
}

export function sumOf(items: readonly { readonly count: number }[]): number {
  let sum = 0;
  for (const { count } of items) sum += count;
  return sum;
}

/** Returns the times of the first and of the last of these signs; null without any. */
export function timesOf(signs: readonly { readonly at: number }[]): Pick<Finding, 'since' | 'until'> | null {
  const [first, last] = [signs[0], signs.at(-1)];
  return first === undefined || last === undefined ? null : { since: first.at, until: last.at };
}

export function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Returns the most frequent text; an empty one without any. */
export function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? '';
}

/** What the finding says of executions: their actions, apps and references. */
export function about<T extends { readonly reference: string; readonly actionId: string; readonly app: string }>(
  affected: readonly T[],
  total: readonly T[],
) {
  const references = {
    affected: distinct(affected.map(({ reference }) => reference)),
    total: distinct(total.map(({ reference }) => reference)),
  };
  return {
    actions: distinct(affected.map(({ actionId }) => actionId)),
    apps: distinct(affected.map(({ app }) => app)),
    affected: references.affected.length,
    total: references.total.length,
    references,
  };
}
