// Suggestions for the filters of lists: the names that occur, with their numbers. A datalist shows them while the reader types.

import { html } from 'hono/html';
import { many } from '../../lib/figures.ts';
import type { Work } from '../../lib/loop.ts';
import { DAY_MS, isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { Outbox } from '../../store/outbox-port.ts';
import type { Rollups } from '../../store/rollups-port.ts';
import type { Html } from '../html.ts';
import { number } from './format.ts';

/** Suggestions for one filter. More would make every page longer. */
const MAX_SUGGESTIONS = 20;
/** The newest notifications, whose endpoints are suggested. */
const MAX_NOTIFICATIONS = 200;
const REFRESH_MS = 30_000;

export interface Suggestion {
  readonly value: string;
  /** Says how often it occurs, and as of when. */
  readonly label: string;
}

export interface SuggestionLists {
  readonly apps: readonly Suggestion[];
  readonly actions: readonly Suggestion[];
  /** Origins of notification URLs. */
  readonly endpoints: readonly Suggestion[];
}

export interface Suggestions {
  /** Returns what the last refresh read; before the first one, the names of the apps. */
  latest(): SuggestionLists;
  /** For a loop: refreshes them every 30 s. */
  readonly work: Work;
}

export interface SuggestionSources {
  readonly store: Pick<Rollups, 'submitted'> & Pick<Outbox, 'listNotifications'>;
  /** The configured apps. */
  readonly apps: readonly string[];
  readonly world: Pick<World, 'now'>;
}

/** Pages take the latest suggestions and never wait for a refresh: it reads from the store for each app. */
export function createSuggestions({ store, apps, world }: SuggestionSources): Suggestions {
  const names = [...apps].sort().slice(0, MAX_SUGGESTIONS);
  let latest: SuggestionLists = { apps: names.map((value) => ({ value, label: '' })), actions: [], endpoints: [] };

  async function endpoints(asOf: string): Promise<readonly Suggestion[]> {
    const { items } = await store.listNotifications({ app: null, limit: MAX_NOTIFICATIONS });
    return [...Map.groupBy(items, ({ origin }) => origin)]
      .sort(([, some], [, others]) => others.length - some.length)
      .slice(0, MAX_SUGGESTIONS)
      .map(([value, own]) => ({ value, label: `${number(own.length)} of the newest ${number(items.length)}${asOf}` }));
  }

  async function refresh(): Promise<void> {
    const now = world.now();
    const from = now - DAY_MS;
    const asOf = `, as of ${isoTime(now).slice(11, 16)} UTC`;
    const inADay = (count: number) => `${many(count, 'execution')} in 24 hours${asOf}`;
    const ofApps: Suggestion[] = [];
    for (const app of names) {
      const ofActions = await store.submitted({ from, app });
      const accepted = ofActions.reduce((sum, action) => sum + action.accepted, 0);
      ofApps.push({ value: app, label: inADay(accepted) });
    }
    const actions = (await store.submitted({ from })).slice(0, MAX_SUGGESTIONS);
    latest = {
      apps: ofApps,
      actions: actions.map(({ actionId, accepted }) => ({ value: actionId, label: inADay(accepted) })),
      endpoints: await endpoints(asOf),
    };
  }

  return {
    latest: () => latest,
    work: async () => {
      await refresh();
      return REFRESH_MS;
    },
  };
}

export function datalist(id: string, suggestions: readonly Suggestion[]): Html {
  const options = suggestions.map(({ value, label }) => html`<option value="${value}" label="${label}"></option>`);
  return html`<datalist id="${id}">${options}</datalist>`;
}
