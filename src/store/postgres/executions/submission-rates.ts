// The submission rates of apps in the database, so that they hold for all receivers together.

import type { Taken } from '../../../lib/token-bucket.ts';
import type { SubmissionRates } from '../../rates-port.ts';
import type { Reads } from '../../shared/reads.ts';

const TAKE = 'SELECT take_submissions($1, $2, $3::integer[]) AS taken';

/** @param queries a connection with `SIDE_SETTINGS`: too many submissions after a crash of the server do no harm */
export function createSubmissionRates(queries: Reads): SubmissionRates {
  return {
    takeSubmissions: async (app, rate, counts) => {
      const row = await queries.first<{ taken: Taken }>(TAKE, [app, rate, counts]);
      if (row === undefined) throw new Error('take_submissions returned no row');
      return row.taken;
    },
  };
}
