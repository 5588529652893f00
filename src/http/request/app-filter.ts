// Restricts a list or a bulk action to one app. Apps always get their own; operators may name an app, or omit it to get all.

import type { Identity } from '../middleware/identity.ts';
import { type FieldError, pointerTo } from '../response/problem.ts';
import { textFilter } from './list-parameters.ts';
import type { Validated } from './validate.ts';

const MAX_APP_CHARS = 128;
const APP_RULE = `must be the name of an app, of 1 to ${MAX_APP_CHARS} characters`;

export function appNameFilter(description: string) {
  return textFilter(MAX_APP_CHARS, APP_RULE, description);
}

export const APP = appNameFilter('Only those of this app. For operators: an app always gets its own.');

/** Applies the caller's restriction to a validated filter. `isNamed` states whether the request names an app. */
export function withVisibleApp<T extends { readonly app?: string }>(
  validated: Validated<T>,
  caller: Identity,
  isNamed: boolean,
): Validated<Omit<T, 'app'> & { readonly app: string | null }> {
  const errors = [...(validated.valid ? [] : validated.errors), ...appFilterErrors(caller, isNamed)];
  if (!validated.valid || errors.length > 0) return { valid: false, errors };
  return { valid: true, value: { ...validated.value, app: visibleApp(caller, validated.value.app) } };
}

function visibleApp(caller: Identity, named: string | undefined): string | null {
  // promise: app-lists-own-executions
  return caller.kind === 'app' ? caller.name : (named ?? null);
}

function appFilterErrors({ kind }: Identity, isNamed: boolean): FieldError[] {
  const detail = 'is for operators: the key of an app gets those of that app; leave it out';
  return kind === 'app' && isNamed ? [{ pointer: pointerTo('app'), detail }] : [];
}
