// A file of requests, one per line, written before the measurement; the load generator sends each of them once.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { createSignedUrls } from '../../src/callbacks/signed-url.ts';

export interface LoadRequest {
  readonly path: string;
  /** JSON, without line breaks. */
  readonly body: string;
}

/** Lines per write. */
const CHUNK = 10_000;

/** @returns the number of requests written. */
export async function writeRequests(file: string, requests: Iterable<LoadRequest>): Promise<number> {
  const out = createWriteStream(file);
  let lines: string[] = [];
  let written = 0;
  for (const { path, body } of requests) {
    if (path.includes(' ') || body.includes('\n')) throw new Error(`not one line: ${path} ${body}`);
    lines.push(`${path} ${body}\n`);
    written += 1;
    if (lines.length === CHUNK) {
      if (!out.write(lines.join(''))) await once(out, 'drain');
      lines = [];
    }
  }
  out.end(lines.join(''));
  await finished(out);
  return written;
}

export async function readRequests(file: string): Promise<LoadRequest[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const gap = line.indexOf(' ');
      return { path: line.slice(0, gap), body: line.slice(gap + 1) };
    });
}

/** The bytes on the wire (RFC 9112). `headers`: lines that each end with CR LF. */
export function bytesOf({ path, body }: LoadRequest, headers: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
  );
}

/** One callback for each open execution of a prepared database, each with a different result, in the order of submission. */
export function* callbacksFor(databasePath: string, secret: string, limit = -1): Generator<LoadRequest> {
  const client = new Database(databasePath, { readonly: true });
  try {
    const { mint } = createSignedUrls('', [secret]);
    const open = client.prepare<[number], { reference: string; executionId: string | null }>(
      `SELECT reference, execution_id AS executionId FROM executions WHERE resolved_at IS NULL ORDER BY reference LIMIT ?`,
    );
    let charge = 0;
    for (const { reference, executionId } of open.iterate(limit)) {
      charge += 1;
      yield {
        path: mint(reference),
        body: JSON.stringify({ executionId, status: 'COMPLETED', result: { charge, approved: true } }),
      };
    }
  } finally {
    client.close();
  }
}

/** Submissions of an app. The receiver chooses their correlation ids, so that each is a new execution. */
export function* submissions(count: number): Generator<LoadRequest> {
  for (let order = 1; order <= count; order += 1) {
    yield {
      path: '/v1/executions',
      body: JSON.stringify({
        actionId: 'charge-card',
        inputs: { order, amount: 1999, currency: 'EUR' },
        graceSeconds: 86_400,
      }),
    };
  }
}
