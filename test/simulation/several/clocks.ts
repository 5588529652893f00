// Clocks that a history sets: those of the receivers' machines, and that of the database.

import { systemWorld, type World } from '../../../src/lib/world.ts';
import { withClient } from '../../support/postgres/databases.ts';

export interface MachineClock {
  step(ms: number): void;
  readonly world: World;
}

export function createMachineClock(): MachineClock {
  let offset = 0;
  return {
    step: (ms) => {
      offset += ms;
    },
    world: { ...systemWorld, now: () => systemWorld.now() + offset },
  };
}

/** The earliest and the latest time that a clock has shown, in milliseconds since the Unix epoch. */
export interface Shown {
  readonly earliest: number;
  readonly latest: number;
}

export interface DatabaseClock {
  step(ms: number): Promise<void>;
  shown(): Shown;
}

/** Comes before the function of PostgreSQL in the search path of each session. */
const CLOCK = `CREATE SCHEMA clock; CREATE TABLE clock.steps (ms bigint NOT NULL);
  CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT coalesce(sum(ms), 0) FROM clock.steps) / 1000.0)
  $$`;

/** To be made before any session of a receiver. */
export async function createDatabaseClock(databaseUrl: string): Promise<DatabaseClock> {
  const began = Date.now();
  let offset = 0;
  let [least, most] = [0, 0];
  await withClient(databaseUrl, async (client) => {
    await client.query(CLOCK);
    const name = new URL(databaseUrl).pathname.slice(1);
    await client.query(`ALTER DATABASE ${name} SET search_path = public, clock, pg_catalog`);
  });
  return {
    step: async (ms) => {
      offset += ms;
      [least, most] = [Math.min(least, offset), Math.max(most, offset)];
      await withClient(databaseUrl, (client) => client.query('INSERT INTO clock.steps (ms) VALUES ($1)', [ms]));
    },
    shown: () => ({ earliest: began + least, latest: Date.now() + most }),
  };
}
