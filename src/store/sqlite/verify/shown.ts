// Checks that SQL shows the trail as it was verified: operators read views and names of events, and the hashes cover the rows behind.

import Database from 'better-sqlite3';
import type { AuditRow } from '../../shared/audit-rows.ts';
import { EVENT_CODES } from '../../shared/codes.ts';
import type { Finding } from '../../verification.ts';
import { reporter } from '../../verify/findings.ts';
import { migrateSchema, schemaVersionOf } from '../file/schema-version.ts';

const CODES: Readonly<Record<string, number>> = EVENT_CODES;

export function createShownCheck(client: Database.Database) {
  const findings: Finding[] = [];
  const report = reporter(findings, 'row');
  const events = new Set<string>();
  return {
    findings,
    entry: ({ event }: AuditRow): void => void events.add(event),
    end: () => {
      // A backup of an older version is verified before its migration.
      const { age } = schemaVersionOf(client);
      if (age !== 'current' && age !== 'unfinished') return;
      // promise: shown-names-are-verified
      for (const fault of [...wrongNames(client, events), ...wrongViews(client)]) report(null, fault);
    },
  };
}

function wrongNames(client: Database.Database, events: ReadonlySet<string>): string[] {
  const nameOf = client.prepare<[number], string>('SELECT name FROM audit_event_names WHERE code = ?').pluck();
  return [...events].flatMap((event) => {
    const code = CODES[event];
    if (code === undefined) return [];
    const shown = nameOf.get(code);
    return shown === event ? [] : [`audit_events shows ${event} as ${shown ?? code}: audit_event_names was altered`];
  });
}

function wrongViews(client: Database.Database): string[] {
  const fresh = new Database(':memory:');
  try {
    migrateSchema(fresh);
    const [expected, stored] = [fresh, client].map(viewsOf);
    return ['executions', 'audit_events']
      .filter((view) => expected?.get(view) !== stored?.get(view))
      .map((view) => `the view ${view} was altered: it does not show the rows as they were verified`);
  } finally {
    fresh.close();
  }
}

function viewsOf(client: Database.Database): ReadonlyMap<string, string> {
  const views = client.prepare<[], [string, string]>("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").raw();
  return new Map(views.all());
}
