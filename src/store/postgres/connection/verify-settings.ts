// Verifies at the start that the database keeps what it has committed: refuses what breaks a guarantee, and reports what is the
// operator's choice.

import type { Client } from 'pg';
import { DatabaseRefused } from '../../shared/database-refused.ts';
import { UNGUARDED, unguardedProblem } from './unique-indexes.ts';

/** PostgreSQL 15 is the oldest version under test. */
const MIN_VERSION = 150_000;

interface Settings {
  readonly version: number;
  readonly encoding: string;
  readonly isolation: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly synchronous_standby_names: string;
  readonly standbys: number;
  readonly can_create: boolean;
  /** Connections of receivers, also its own, that this one may not end. */
  readonly unendable: number;
  /** The role to which the tables of the receiver belong, if this user does not act as it; null without such tables too. */
  readonly other_owner: string | null;
  /** Tables and views of this user of which it has lost a right; null without any. */
  readonly rightless: string | null;
  readonly unguarded: string | null;
}

const READ = `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
  current_setting('transaction_isolation') AS isolation, current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('synchronous_standby_names') AS synchronous_standby_names,
  (SELECT count(*) FROM pg_stat_replication)::integer AS standbys,
  (SELECT count(*) FROM pg_stat_activity AS a WHERE a.datname = current_database() AND NOT pg_has_role(a.usesysid, 'USAGE')
    AND starts_with(a.application_name, 'cxone-callback-receiver ') AND NOT pg_has_role('pg_signal_backend', 'USAGE'))::integer
    AS unendable,
  has_schema_privilege(current_schema(), 'CREATE') AS can_create,
  (SELECT pg_get_userbyid(relowner) FROM pg_class
    WHERE oid = to_regclass('schema_migrations') AND NOT pg_has_role(relowner, 'USAGE')) AS other_owner,
  (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v') AND pg_has_role(relowner, 'USAGE')
      AND NOT (has_table_privilege(oid, 'SELECT') AND (relkind = 'v' OR (has_table_privilege(oid, 'INSERT')
        AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))))) AS rightless,
  (${UNGUARDED}) AS unguarded`;

/** Returns what the operator has chosen, each with its consequence. @throws {DatabaseRefused} with the remedy. */
export async function verifySettings(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<Settings>(READ);
  const [settings] = rows;
  if (settings === undefined) throw new DatabaseRefused('the database of DATABASE_URL does not state its settings');
  const refusal = refusalOf(settings);
  if (refusal !== null) throw new DatabaseRefused(`the database of DATABASE_URL ${refusal}`);
  const problem = unguardedProblem(settings.unguarded);
  if (problem !== null) throw new DatabaseRefused(problem);
  return choicesIn(settings);
}

function refusalOf({ version, encoding, isolation, can_create, other_owner, rightless }: Settings): string | null {
  if (version < MIN_VERSION) return `is PostgreSQL ${Math.floor(version / 10_000)}: use version 15 or newer`;
  if (encoding !== 'UTF8') return `has the encoding ${encoding}: create one with ENCODING 'UTF8'`;
  // The owner alone adds partitions and applies migrations.
  // promise: postgres/owner-of-the-tables
  if (other_owner !== null) return `has tables that belong to the role ${other_owner}: connect as that role`;
  // promise: postgres/lost-right-is-named
  if (rightless !== null) return `does not let this user read and write ${rightless}: GRANT ALL on them to the user`;
  if (!can_create) return 'does not let this user create tables: GRANT CREATE on its schema to the user';
  // The session has asked for it: a pooler in transaction mode loses such settings.
  if (isolation !== 'read committed')
    return `runs at ${isolation}: connect without a pooler, or with one in session mode`;
  return null;
}

function choicesIn(settings: Settings): string[] {
  const { fsync, full_page_writes, synchronous_commit, synchronous_standby_names, standbys, unendable } = settings;
  const choices: string[] = [];
  if (fsync !== 'on') choices.push('fsync is off: a power loss destroys acknowledged results, or the whole database');
  if (full_page_writes !== 'on') choices.push('full_page_writes is off: a power loss may damage the database');
  if (synchronous_commit === 'off') {
    choices.push(
      'synchronous_commit is off: a crash of the server loses the results that were acknowledged just before it',
    );
  }
  if (standbys > 0 && (synchronous_standby_names === '' || synchronous_commit === 'local')) {
    choices.push('no standby is synchronous: a promotion loses what was acknowledged and not replicated');
  }
  // promise: postgres/leader-of-another-role
  if (unendable > 0) {
    choices.push(
      'receivers have connected as a role whose connections this one may not end: a leader that hangs is not replaced; connect all as one role, without SET ROLE, or GRANT pg_signal_backend',
    );
  }
  return choices;
}
