// Whether the PostgreSQL database is set up for a receiver, and what its settings mean, without a change to it.

import type { Client } from 'pg';
import { addressesIn, withoutLogin } from '../../lib/database-url.ts';
import { reasonOf, SILENT } from '../../lib/log.ts';
import type { World } from '../../lib/world.ts';
import { MAX_CLOCK_DIFFERENCE_MS } from '../../observability/clock-notice.ts';
import { isAnyLeading } from '../../store/postgres/connection/leader-lock.ts';
import { connected, refuseSharedSessions } from '../../store/postgres/connection/prepare.ts';
import { verifySettings } from '../../store/postgres/connection/verify-settings.ts';
import { readSchemaState, refuseMoved } from '../../store/postgres/migrate.ts';
import { DatabaseRefused } from '../../store/shared/database-refused.ts';
import { type Check, conservationOf, fail, ok, warn } from './check.ts';
import { checkRecentResponsesOnServer } from './recent-responses.ts';

const SETTINGS_ADVICE = 'change the setting, or accept this consequence';

export interface ServerDatabaseOptions {
  readonly url: string;
  readonly world: Pick<World, 'now'>;
}

export async function checkServerDatabase({ url, world }: ServerDatabaseOptions): Promise<Check[]> {
  const options = { addresses: addressesIn(url), log: SILENT, applicationName: 'cxone-callback-receiver doctor' };
  let client: Client | null = null;
  try {
    const connection = await connected(options);
    client = connection.client;
    const choices = await verifySettings(client);
    await refuseSharedSessions(client, options);
    const state = await schemaState(client);
    return [
      schema(state, withoutLogin(url)),
      ok('host', `${connection.address.host} accepts writes`),
      ...(choices.length === 0 ? [ok('durability', 'commits survive a crash of the server')] : []),
      ...choices.map((choice) => warn('durability', choice, SETTINGS_ADVICE)),
      await receivers(client),
      await clock(client, world),
      ...(await conservation(client)),
      // Columns of an older version may differ; the next start migrates it.
      ...(state === 'current' ? await checkRecentResponsesOnServer(client, world) : []),
    ];
  } catch (error) {
    if (error instanceof DatabaseRefused) return [fail('database', ...partsOf(error.message))];
    return [fail('database', `the database cannot be read: ${reasonOf(error)}`, 'see the log of the server')];
  } finally {
    await client?.end();
  }
}

/** A refusal ends with its remedy. */
function partsOf(message: string): [message: string, advice: string] {
  const at = message.lastIndexOf(': ');
  return [message.slice(0, at), message.slice(at + 2)];
}

type SchemaState = Awaited<ReturnType<typeof readSchemaState>>;

/** @throws {DatabaseRefused} if the content was moved to a file. */
async function schemaState(client: Client): Promise<SchemaState> {
  const query = async (text: string) => (await client.query(text)).rows;
  const state = await readSchemaState(query);
  if (state === 'current' || state === 'newer') await refuseMoved(query);
  return state;
}

function schema(state: SchemaState, name: string): Check {
  switch (state) {
    case 'empty':
      return warn('database', `${name} is empty`, 'nothing to do before the first start: that makes its tables');
    case 'older':
      return warn('database', `${name} is of an older version`, 'make a backup; the next start migrates it');
    case 'newer':
      return ok('database', `${name} is of a newer version, beside which this one may serve`);
    case 'current':
      return ok('database', name);
  }
}

async function receivers(client: Client): Promise<Check> {
  return ok('receivers', (await isAnyLeading(client)) ? 'one leads' : 'none runs');
}

async function clock(client: Client, world: Pick<World, 'now'>): Promise<Check> {
  const asked = world.now();
  const { rows } = await client.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
  );
  const differenceMs = Math.round((rows[0]?.now ?? 0) - (asked + world.now()) / 2);
  const message = `the clock of the database differs by ${(differenceMs / 1000).toFixed(1)} s`;
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS) return ok('clock', message);
  return warn('clock', `${message}: a receiver here is not ready`, 'set the clocks of both machines right (NTP)');
}

/** The first start makes the view. */
async function conservation(client: Client): Promise<Check[]> {
  const { rows: views } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('conservation') IS NOT NULL AS exists",
  );
  if (!views[0]?.exists) return [];
  const { rows } = await client.query<Record<string, number>>('SELECT * FROM conservation');
  return [conservationOf(rows[0])];
}
