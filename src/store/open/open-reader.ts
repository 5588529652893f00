// Opens a database for commands, which read it beside a running receiver or without one: a SQLite file, or a PostgreSQL database.

import type { StoreReader, TrailReader } from '../reader-port.ts';

/** The path of a file, or the URL of a PostgreSQL database. */
export type DatabasePlace = { readonly path: string } | { readonly url: string };

/** Opens the trail, of a file also of an older version. @throws {DatabaseRefused} with the remedy. */
export async function openTrail(place: DatabasePlace): Promise<TrailReader> {
  return 'url' in place ? onServer(place.url) : (await readFile()).openFileTrail(place.path);
}

/** @throws {DatabaseRefused} with the remedy, also when the tables are of another version. */
export async function openReader(place: DatabasePlace): Promise<StoreReader> {
  return 'url' in place ? onServer(place.url) : (await readFile()).openFileReader(place.path);
}

// A command loads the driver of the database that it reads, and no other.
const readFile = () => import('../sqlite/queries/reader.ts');

async function onServer(url: string): Promise<StoreReader> {
  const { openServerReader } = await import('../postgres/reader/reader.ts');
  return openServerReader(url);
}
