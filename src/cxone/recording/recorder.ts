// Records the exchanges with CXone in a file, so that a tenant's real dialect can become a test.

import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../execution/json.ts';
import { jsonOnOneLine } from '../../lib/lines.ts';
import { type Log, reasonOf } from '../../lib/log.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import { createRedact } from '../../lib/redaction.ts';
import { fileTimestamp } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { Profile } from '../profile/profile.ts';
import type { Fetcher } from '../transport.ts';
import { createHarEntries } from './har-entry.ts';
import { withTap } from './tap.ts';

/** Size of a recording; a thousand exchanges take about a megabyte. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface Recorder {
  /** Records the requests of this fetcher. */
  wrapFetcher(fetcher: Fetcher): Fetcher;
  /** Records the callbacks that reach this receiver. */
  wrapReceiver<R extends Hears>(resolve: R): R;
  close(): void;
}

interface Hears {
  /** `reference`: the UUID in the callback URL. */
  callback(reference: string, body: Uint8Array, contentType: string | null): unknown;
}

export interface RecorderOptions {
  /** Null: nothing is recorded. */
  readonly recordDir: string | null;
  readonly profile: Profile;
  /** Texts that no recording may contain. */
  readonly secrets: readonly string[];
  /** Replaces callback tokens, also within an id or an address that is kept. */
  readonly conceal: (text: string) => string;
  readonly world: Pick<World, 'now' | 'elapsed'>;
  readonly log: Log;
  readonly maxBytes?: number;
  /** Mode of the file; default: 0600. */
  readonly mode?: number;
}

const NOTHING: Recorder = { wrapFetcher: (fetcher) => fetcher, wrapReceiver: (resolve) => resolve, close: () => {} };

/**
 * Creates a file that only its owner can read, unless `mode` allows more, with one entry of an HTTP Archive (HAR 1.2) per line.
 * @throws {Error} if the file cannot be created.
 */
export function openRecorder(options: RecorderOptions): Recorder {
  const { recordDir, profile, secrets, conceal, world, log, maxBytes = MAX_BYTES, mode = 0o600 } = options;
  if (recordDir === null) return NOTHING;
  const path = join(recordDir, `${fileTimestamp(world.now())}-${process.pid}.har.jsonl`);
  const file = create(recordDir, path, mode);
  const entries = createHarEntries(profile, secrets);
  const redact = createRedact(secrets);
  let room = maxBytes;
  let open = true;
  log.warn({ path }, 'exchanges with CXone are recorded; unset CXONE_RECORD_DIR when there are enough');

  /** A failure here ends the recording and must not affect an execution. */
  function keep(entryOf: () => JsonObject): void {
    if (!open) return;
    try {
      const line = Buffer.from(`${conceal(redact(jsonOnOneLine(entryOf())))}\n`);
      room -= line.length;
      if (room < 0) end(`the next exchange would make it larger than ${maxBytes} bytes`);
      else writeSync(file, line);
    } catch (error) {
      end(reasonOf(error));
    }
  }

  function end(reason: string): void {
    close();
    log.warn({ path, reason }, 'the recording ended');
  }

  function close(): void {
    if (open) closeSync(file);
    open = false;
  }

  return {
    wrapFetcher: (fetcher) => withTap(fetcher, world, (seen) => keep(() => entries.ofExchange(seen))),
    wrapReceiver: (resolve) => ({
      ...resolve,
      callback: (...[reference, body, contentType]: Parameters<Hears['callback']>) => {
        keep(() => entries.ofCallback({ startedAt: world.now(), reference, body, contentType }));
        return resolve.callback(reference, body, contentType);
      },
    }),
    close,
  };
}

function create(folder: string, path: string, mode: number): number {
  try {
    // A group that may read the files may enter their folder.
    makeFolders(folder, 0o700 | ((mode & 0o044) >> 2) | (mode & 0o044));
    const file = openSync(path, 'ax', mode);
    // The umask may have taken bits away.
    fchmodSync(file, mode);
    return file;
  } catch (error) {
    throw new Error(
      `CXONE_RECORD_DIR: nothing can be written into ${folder} (${reasonOf(error)}): name another folder`,
      {
        cause: error,
      },
    );
  }
}
