// What a command acts on: one item that is named, or all that match a filter.

import { isoTime } from '../lib/time.ts';
import { CommandError } from './context.ts';
import type { Times } from './options.ts';

interface Selection {
  /** What the command acts on. */
  readonly noun: string;
  readonly one: string | undefined;
  readonly all: true | undefined;
  readonly filters: object;
}

/** @throws {CommandError} unless either one is named, without filters, or several are selected. */
export function requireOneOrAll({ noun, one, all, filters }: Selection): void {
  if ((one === undefined) === (all === undefined)) {
    throw new CommandError(`Name one ${noun}, or select several with --all.`);
  }
  if (one !== undefined && Object.keys(filters).length > 0) throw new CommandError('Filters require --all.');
}

/** Returns a filter under the names of the API. */
export function filterBody<F extends { readonly app?: string | null }>({ app, ...filter }: F & Times): object {
  return { ...filter, app: app ?? undefined, from: isoTime(filter.from), to: isoTime(filter.to) };
}
