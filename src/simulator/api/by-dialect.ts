// The API of each dialect.

import { type ApiName, type DialectName, dialectOf } from '../dialects.ts';
import type { Api } from './api.ts';
import { dataActions } from './data-actions.ts';
import { jobs } from './jobs.ts';
import { scriptStart } from './script-start.ts';

const APIS: { readonly [Name in ApiName]: Api } = {
  'data-actions': dataActions,
  'script-start': scriptStart,
  jobs,
};

export function apiOf(dialect: DialectName): Api {
  return APIS[dialectOf(dialect).api];
}
