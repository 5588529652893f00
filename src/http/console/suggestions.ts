// Suggestions for the filters of lists: the names that occur, with their numbers. A datalist shows them while the reader types.

import { html } from 'hono/html';
import { many } from '../../lib/many.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Html } from '../html.ts';
import { number } from './format.ts';

/** Suggestions for one filter. More would make every page longer. */
const MAX_SUGGESTIONS = 20;
const DAY_MS = 24 * 60 * 60 * 1000;
/** The newest notifications, whose endpoints are suggested. */
const MAX_NOTIFICATIONS = 200;
/** Suggestions may be this old, so that a page seldom counts. */
const MAX_AGE_MS = 30_000;

export interface Suggestion {
  readonly value: string;
  /** Says how often it occurs. */
  readonly label: string;
}

export interface Suggestions {
  readonly apps: readonly Suggestion[];
  readonly actions: readonly Suggestion[];
  /** Origins of notification URLs. */
  readonly endpoints: readonly Suggestion[];
}

export type Suggest = () => Promise<Suggestions>;

export function createSuggestions({
  store,
  access,
  runtime: { world },
}: Pick<ConsoleDependencies, 'store' | 'access' | 'runtime'>): Suggest {
  let latest: { readonly at: number; readonly read: Promise<Suggestions> } | null = null;

  async function actionsSince(from: number, app?: string) {
    const actions = await store.submitted({ from, app });
    return { actions, total: actions.reduce((sum, { accepted }) => sum + accepted, 0) };
  }

  async function read(): Promise<Suggestions> {
    const from = world.now() - DAY_MS;
    const names = [...new Set(access.apps.map(({ name }) => name))].sort().slice(0, MAX_SUGGESTIONS);
    const apps: Suggestion[] = [];
    for (const value of names) apps.push({ value, label: inADay((await actionsSince(from, value)).total) });
    const { actions } = await actionsSince(from);
    return {
      apps,
      actions: actions
        .slice(0, MAX_SUGGESTIONS)
        .map(({ actionId, accepted }) => ({ value: actionId, label: inADay(accepted) })),
      endpoints: await endpoints(),
    };
  }

  async function endpoints(): Promise<readonly Suggestion[]> {
    const { items } = await store.listNotifications({ app: null, limit: MAX_NOTIFICATIONS });
    return [...Map.groupBy(items, ({ origin }) => origin)]
      .sort(([, some], [, others]) => others.length - some.length)
      .slice(0, MAX_SUGGESTIONS)
      .map(([value, own]) => ({ value, label: `${number(own.length)} of the newest ${number(items.length)}` }));
  }

  return () => {
    const now = world.elapsed();
    if (latest === null || now - latest.at >= MAX_AGE_MS) {
      const reading = { at: now, read: read() };
      latest = reading;
      reading.read.catch(() => {
        if (latest === reading) latest = null;
      });
    }
    return latest.read;
  };
}

function inADay(count: number): string {
  return `${many(count, 'execution')} in 24 hours`;
}

export function datalist(id: string, suggestions: readonly Suggestion[]): Html {
  const options = suggestions.map(({ value, label }) => html`<option value="${value}" label="${label}"></option>`);
  return html`<datalist id="${id}">${options}</datalist>`;
}
