// Of which app a list or an action is to be: an app has its own alone, an operator names one or means all.

import * as v from 'valibot';
import type { Identity } from '../middleware/identity.ts';
import { type FieldError, pointerTo } from '../response/problem.ts';

/** An app's name comes from configuration; whatever is none matches none. */
const MAX_APP_CHARS = 128;
const APP_RULE = `must be the name of an app, of 1 to ${MAX_APP_CHARS} characters`;

export const APP = v.exactOptional(
  v.pipe(
    v.string(APP_RULE),
    v.minLength(1, APP_RULE),
    v.maxLength(MAX_APP_CHARS, APP_RULE),
    v.description('Only those of this app; for operators, since an app sees its own alone.'),
  ),
);

export function visibleApp(caller: Identity, named: string | undefined): string | null {
  // promise: app-lists-own-executions
  return caller.kind === 'app' ? caller.name : (named ?? null);
}

export function appFilterErrors({ kind }: Identity, isNamed: boolean): FieldError[] {
  const detail = 'is for operators: the key of an app gives those of that app; leave it out';
  return kind === 'app' && isNamed ? [{ pointer: pointerTo('app'), detail }] : [];
}
