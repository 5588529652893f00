// The prepared statements of the outbox.

import type { Database } from 'better-sqlite3';
import { notificationIds } from '../../../notification/outgoing.ts';
import type { UndeliveredCounts } from '../../outbox-port.ts';
import { selectNotifications } from '../../shared/notification-list.ts';
import { getTableColumns } from '../file/drizzle.ts';
import { notifications } from '../schema.ts';
import { DELIVERY_COLUMNS, type NotificationRow } from './rows.ts';

export interface LaneRow {
  readonly app: string;
  readonly origin: string;
  readonly dueAt: string;
}

/** Seeks from lane to lane along the index, to the next origin of the app, else to the next app, whatever the length of a lane. */
const LANES = `
  WITH RECURSIVE lane (app, origin, due_at) AS (
    SELECT * FROM (
      SELECT app, origin, due_at FROM notifications WHERE due_at IS NOT NULL ORDER BY app, origin, due_at LIMIT 1
    )
    UNION ALL
    SELECT first.app, first.origin, first.due_at FROM lane JOIN notifications AS first ON first.sequence = coalesce(
      (SELECT sequence FROM notifications WHERE due_at IS NOT NULL AND app = lane.app AND origin > lane.origin
        ORDER BY origin, due_at LIMIT 1),
      (SELECT sequence FROM notifications WHERE due_at IS NOT NULL AND app > lane.app
        ORDER BY app, origin, due_at LIMIT 1)
    )
  )
  SELECT app, origin, due_at AS dueAt FROM lane`;

/** Each count covers one small partial index. */
const UNDELIVERED = `SELECT
  (SELECT count(*) FROM notifications WHERE due_at IS NOT NULL) AS pending,
  (SELECT count(*) FROM notifications WHERE status = 'DEAD') AS dead`;

const WAITING_IN = `SELECT count(*) FROM
  (SELECT 1 FROM notifications WHERE due_at IS NOT NULL AND app = ? AND origin = ? LIMIT ?)`;

/** After a restore, sequences continue after a gap, as the ids of audit entries do. */
// promise: restored-notifications-never-repeat
const NEXT_SEQUENCE = `(SELECT max(coalesce((SELECT max(sequence) FROM notifications), 0) + 1,
  coalesce((SELECT max(next_id) FROM id_gaps), 1)))`;

const { sequence: _sequence, ...COLUMNS } = getTableColumns(notifications);
const NAMES = Object.values(COLUMNS).map(({ name }) => name);
const INSERT = `INSERT INTO notifications (sequence, ${NAMES.join(', ')})
  VALUES (${NEXT_SEQUENCE}, ${Object.keys(COLUMNS)
    .map((member) => `@${member}`)
    .join(', ')})`;

const CHANGES = DELIVERY_COLUMNS.map((member) => `${COLUMNS[member].name} = @${member}`);
const UPDATE = `UPDATE notifications SET ${CHANGES.join(', ')} WHERE id = @id`;

const DUE = 'app = @app AND origin = @origin AND due_at <= @now';
const LONGEST_DUE = `(SELECT * FROM notifications WHERE ${DUE} ORDER BY due_at LIMIT @scan)`;
const OVERDUE = `${selectNotifications(LONGEST_DUE)} WHERE give_up_at <= @now AND attempts >= @minAttempts
  ORDER BY due_at LIMIT @limit`;

export function prepareOutboxStatements(client: Database) {
  const select = (rest: string) =>
    client.prepare<[object], NotificationRow>(`${selectNotifications('notifications')} WHERE ${rest}`);
  return {
    lanes: client.prepare<[], LaneRow>(LANES),
    undelivered: client.prepare<[], UndeliveredCounts>(UNDELIVERED),
    waitingIn: client.prepare<[app: string, origin: string, limit: number], number>(WAITING_IN).pluck(),
    insert: client.prepare<[object]>(INSERT),
    update: client.prepare<[object]>(UPDATE),
    lease: client.prepare<[object]>('UPDATE notifications SET due_at = @dueAt WHERE id = @id'),
    byId: select('id = @id'),
    ofExecution: select('id IN (@ended, @late) ORDER BY sequence'),
    due: select(`${DUE} ORDER BY due_at LIMIT @limit`),
    newest: select(`${DUE} ORDER BY due_at DESC LIMIT @limit`),
    probe: select(`${DUE} ORDER BY coalesce(last_http_status, 0) > 0, attempts, due_at LIMIT @limit`),
    overdue: client.prepare<[object], NotificationRow>(OVERDUE),
  };
}

/** Returns a function that finds executions with a pending notification, which retention keeps. */
export function createPendingLookup(client: Database): (references: readonly string[]) => ReadonlySet<string> {
  const pending = client
    .prepare<[string], string>(
      "SELECT reference FROM notifications WHERE id IN (SELECT value FROM json_each(?)) AND status = 'PENDING'",
    )
    .pluck();
  return (references) => new Set(pending.all(JSON.stringify(references.flatMap(notificationIds))));
}
