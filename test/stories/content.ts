// What the database of a story holds, read beside the receiver.

import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { TYPES } from '../../src/store/postgres/connection/connect.ts';
import { withClient } from '../support/postgres/databases.ts';

export async function rowsOfFile(path: string, statement: string): Promise<object[]> {
  const client = new Database(path, { readonly: true });
  try {
    return client.prepare<[], object>(statement).all();
  } finally {
    client.close();
  }
}

export async function rowsOnServer(url: string, statement: string): Promise<object[]> {
  return withClient(url, async (client) => (await client.query({ text: statement, types: TYPES })).rows);
}

export async function contentOfFile(path: string): Promise<string> {
  return ['', '-wal'].map((suffix) => readFileSync(path + suffix).toString('latin1')).join('\n');
}

export async function contentOnServer(url: string): Promise<string> {
  const tables = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'";
  const contents: string[] = [];
  for (const { name } of (await rowsOnServer(url, tables)) as { name: string }[]) {
    const values = (await rowsOnServer(url, `SELECT * FROM ${name}`)).flatMap((row) => Object.values(row));
    contents.push(...values.map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value))));
  }
  return contents.join('\n');
}
