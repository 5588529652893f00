// The module of the reader thread: answers long reads on a read-only connection of its own.

import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { giveWay } from '../../../lib/worker-thread.ts';
import { createLongReads } from './long-reads.ts';
import { factsOf, type ReaderData, type ReaderReply, type ReaderRequest } from './reader-messages.ts';

/** Time to wait while the writer resets the WAL. It does not delay callbacks. */
const BUSY_TIMEOUT_MS = 5_000;
/** Half of the default: a scan reads each page once. In KiB, as SQLite's negative sizes. */
const CACHE_KIB = 8_000;

/** Longest pause, in milliseconds. The other thread resumes this one as soon as its work is done. */
const MAX_PAUSE_MS = 5_000;

// Only SQLite opens the file: closing it by other means would drop the locks that the process holds on it (POSIX).
function openForReading({ file }: ReaderData): Database.Database {
  const client = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  client.pragma(`cache_size = -${CACHE_KIB}`);
  return client;
}

function serve(port: NonNullable<typeof parentPort>): void {
  const client = openForReading(workerData as ReaderData);
  const reads = createLongReads(client);
  const running = new Map<number, AbortController>();
  let closing = false;
  const reply = (message: ReaderReply) => port.postMessage(message);

  async function answer({ id, name, input }: Extract<ReaderRequest, { type: 'read' }>): Promise<void> {
    const cancelling = new AbortController();
    running.set(id, cancelling);
    try {
      const read: (input: never, signal: AbortSignal) => Promise<unknown> = reads[name];
      reply({ type: 'value', id, value: await read(input as never, cancelling.signal) });
    } catch (error) {
      reply({ type: 'error', id, error: factsOf(error) });
    }
    running.delete(id);
    endIfClosing();
  }

  function endIfClosing(): void {
    if (!closing || running.size > 0) return;
    client.close();
    port.close();
  }

  port.on('message', (request: ReaderRequest) => {
    if (request.type === 'read') void answer(request);
    else if (request.type === 'cancel') running.get(request.id)?.abort();
    else if (request.type === 'pause') {
      reply({ type: 'paused' });
      Atomics.wait(request.resumed, 0, 0, MAX_PAUSE_MS);
    } else {
      closing = true;
      for (const cancelling of running.values()) cancelling.abort();
      endIfClosing();
    }
  });
  reply({ type: 'ready' });
  // After the modules are loaded, so that the first read does not wait long.
  giveWay();
}

if (parentPort !== null) serve(parentPort);
