// Reads which endpoints of apps are paused, and what was sent to one last.

import { fromIso } from '../../lib/time.ts';
import type { EndpointPause, Endpoints } from '../endpoints-port.ts';
import { type NotificationTable, selectNotifications } from './notification-list.ts';
import type { Reads } from './reads.ts';

interface PauseRow extends Omit<EndpointPause, 'since' | 'by'> {
  readonly since: string;
  readonly operator: string;
}

const PAUSED = 'SELECT app, origin, since, operator, reason FROM endpoint_pauses ORDER BY since, app, origin';

/** Returns the pauses, the oldest first. */
export async function readPausedEndpoints(reads: Reads): Promise<EndpointPause[]> {
  const rows = await reads.all<PauseRow>(PAUSED);
  return rows.map(({ since, operator, ...row }) => ({ ...row, since: fromIso(since), by: operator }));
}

export function createEndpointReads<Row>(
  reads: Reads,
  { name, toListed }: Pick<NotificationTable<Row>, 'name' | 'toListed'>,
): Pick<Endpoints, 'pausedEndpoints' | 'recentTo'> {
  /** The index of the app bounds the scan, however many notifications there are. */
  const newest = `(SELECT * FROM ${name} WHERE app = $1 ORDER BY sequence DESC LIMIT $3) AS newest`;
  const recent = `${selectNotifications(newest)} WHERE origin = $2 ORDER BY sequence DESC`;
  return {
    pausedEndpoints: () => readPausedEndpoints(reads),
    recentTo: async ({ app, origin }, limit) => (await reads.all<Row>(recent, [app, origin, limit])).map(toListed),
  };
}
