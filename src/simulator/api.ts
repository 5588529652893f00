// Which API a dialect has.

import type { Api } from './api/api.ts';
import { dataActions } from './api/data-actions.ts';
import { jobs } from './api/jobs.ts';
import { scriptStart } from './api/script-start.ts';
import { type ApiName, type DialectName, dialectOf } from './dialects.ts';

const APIS: { readonly [Name in ApiName]: Api } = {
  'data-actions': dataActions,
  'script-start': scriptStart,
  jobs,
};

export function apiOf(dialect: DialectName): Api {
  return APIS[dialectOf(dialect).api];
}
