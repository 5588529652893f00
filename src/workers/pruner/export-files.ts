// Export files of the pruner: compressed NDJSON, complete and synced to disk before anything in them is deleted.

import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { jsonOnOneLine } from '../../lib/json-line.ts';
import { fileTimestamp } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import type { RetentionRecord } from '../../store/retention-port.ts';

const compress = promisify(gzip);

/** `audit`: audit entries with everything that belongs to them. `payloads`: only payloads and callback bodies. */
export type ExportKind = 'audit' | 'payloads';

export interface ExportFile {
  add(records: readonly RetentionRecord[]): Promise<void>;
  /** Syncs the file, gives it its final name and returns that name. @param range ids in the file */
  finish(range: string): Promise<string>;
  /** Deletes the unfinished file. */
  discard(): Promise<void>;
}

export interface ExportFiles {
  /** @throws {NodeJS.ErrnoException} for example if the folder does not exist */
  begin(kind: ExportKind): Promise<ExportFile>;
}

const UNFINISHED = /^(audit|payloads)-[\dTZ-]+\.ndjson\.gz\.partial$/;

/** @param mode of the files */
export function createExportFiles(folder: string, world: Pick<World, 'now'>, mode = 0o600): ExportFiles {
  let tidy = false;

  /** Deletes files that a crash left unfinished: nothing in them was pruned, so that another file will hold it. */
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
      // The file holds inputs and results of apps.
      const handle = await open(partial, 'w', mode);
      // The umask may have taken bits away.
      await handle.chmod(mode);
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
      // Concatenated gzip members are a valid gzip file (RFC 1952, section 2.2).
      const lines = records.map((record) => `${jsonOnOneLine(record)}\n`).join('');
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
