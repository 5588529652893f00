// Writes down what retention is about to forget: NDJSON files, compressed, each whole and on disk before anything of it goes.

import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { fileTimestamp } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { RetentionRecord } from '../../store/retention-port.ts';

const compress = promisify(gzip);

/** What is in a file: `audit` has entries with all that goes with them, `payloads` has payloads and callback bodies alone. */
export type ExportKind = 'audit' | 'payloads';

export interface ExportFile {
  add(records: readonly RetentionRecord[]): Promise<void>;
  /** Only now it has its name, and all of it is on disk; `range` says what is in it. Returns the name. */
  finish(range: string): Promise<string>;
  /** As if it had never been begun. */
  discard(): Promise<void>;
}

export interface ExportFiles {
  /** @throws what the file system says: the folder has to be there. */
  begin(kind: ExportKind): Promise<ExportFile>;
}

const UNFINISHED = /^(audit|payloads)-[\dTZ-]+\.ndjson\.gz\.partial$/;

export function createExportFiles(folder: string, world: Pick<World, 'now'>): ExportFiles {
  let tidy = false;

  /** What a crash left unfinished was not forgotten: it comes again, in another file. */
  async function tidyOnce(): Promise<void> {
    if (tidy) return;
    const left = (await readdir(folder)).filter((name) => UNFINISHED.test(name));
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
    tidy = true;
  }

  return {
    begin: async (kind) => {
      await tidyOnce();
      const moment = fileTimestamp(world.now());
      const partial = join(folder, `${kind}-${moment}.ndjson.gz.partial`);
      // It holds what apps sent and got.
      const handle = await open(partial, 'w', 0o600);
      return exportFile({ folder, kind, moment, partial, handle });
    },
  };
}

interface Begun {
  readonly folder: string;
  readonly kind: ExportKind;
  readonly moment: string;
  readonly partial: string;
  readonly handle: FileHandle;
}

function exportFile({ folder, kind, moment, partial, handle }: Begun): ExportFile {
  return {
    add: async (records) => {
      // Each is a gzip member of its own: one after another they are one gzip file (RFC 1952, section 2.2).
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      await handle.appendFile(await compress(lines));
    },
    finish: async (range) => {
      const name = `${kind}-${range}-${moment}.ndjson.gz`;
      await handle.sync();
      await handle.close();
      await rename(partial, join(folder, name));
      await syncFolder(folder);
      return name;
    },
    discard: async () => {
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
