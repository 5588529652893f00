// Export files of the pruner: compressed NDJSON, complete and synced to disk before anything in them is deleted.

import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { jsonOnOneLine } from '../../lib/lines.ts';
import { reasonOf } from '../../lib/log.ts';
import { syncToDisk } from '../../lib/sync-to-disk.ts';
import { fileTimestamp, isoTime } from '../../lib/time.ts';
import type { World } from '../../lib/world.ts';
import { type ExportManifest, manifestName, manifestText, tallyBytes } from '../../store/export-manifest.ts';
import type { AuditHead } from '../../store/port.ts';
import type { RetentionRecord } from '../../store/retention-port.ts';

const compress = promisify(gzip);

/** `audit`: audit entries with everything that belongs to them. `payloads`: only payloads and callback bodies. */
export type ExportKind = 'audit' | 'payloads';

export type ExportFile = ReturnType<typeof exportFile>;

export type ExportFiles = ReturnType<typeof createExportFiles>;

const UNFINISHED = /^(audit|payloads)-[\dTZ-]+\.ndjson\.gz\.partial$/;

const MANIFEST = /^(audit|payloads)-.*\.ndjson\.gz\.manifest\.json$/;

/** Returns why no export can be written to the folder; null if one can. */
export async function exportFolderProblem(folder: string): Promise<string | null> {
  try {
    // A path that ends with a slash leads to a folder only.
    await access(`${folder}/`, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @param mode of the files */
export function createExportFiles(folder: string, world: Pick<World, 'now'>, mode = 0o600) {
  let tidy = false;

  /** Deletes files that a crash left unfinished: nothing in them was pruned, so that another file will hold it. */
  async function tidyOnce(): Promise<void> {
    if (tidy) return;
    const names = await readdir(folder);
    const finished = new Set(names.map(manifestName));
    const left = names.filter((name) => UNFINISHED.test(name) || (MANIFEST.test(name) && !finished.has(name)));
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
    tidy = true;
  }

  return {
    /**
     * @param after the entry before the first one in the file; null for a file without entries.
     * @throws {NodeJS.ErrnoException} for example if the folder does not exist
     */
    begin: async (kind: ExportKind, after: AuditHead | null): Promise<ExportFile> => {
      await tidyOnce();
      const createdAt = world.now();
      const moment = fileTimestamp(createdAt);
      const partial = join(folder, `${kind}-${moment}.ndjson.gz.partial`);
      // The file holds inputs and results of apps.
      const handle = await open(partial, 'w', mode);
      // The umask may have taken bits away.
      await handle.chmod(mode);
      return exportFile({ folder, kind, after, createdAt, moment, mode, partial, handle });
    },
  };
}

interface Begun {
  readonly folder: string;
  readonly kind: ExportKind;
  readonly after: AuditHead | null;
  readonly createdAt: number;
  readonly moment: string;
  readonly mode: number;
  readonly partial: string;
  readonly handle: FileHandle;
}

function exportFile({ folder, kind, after, createdAt, moment, mode, partial, handle }: Begun) {
  const tally = tallyBytes();
  let rows = 0;
  let last: AuditHead | null = null;

  function manifestOf(file: string): ExportManifest {
    return {
      ...{ file, content: `retention-${kind}`, createdAt: isoTime(createdAt), ...tally.result(), rows, filter: {} },
      isMasked: false,
      chain: last === null ? null : { after, last },
    };
  }

  return {
    add: async (records: readonly RetentionRecord[]): Promise<void> => {
      // Concatenated gzip members are a valid gzip file (RFC 1952, section 2.2).
      const lines = records.map((record) => `${jsonOnOneLine(record)}\n`).join('');
      const bytes = await compress(lines);
      await handle.appendFile(bytes);
      tally.add(bytes);
      rows += records.length;
      const entry = records.findLast(({ type }) => type === 'audit_event');
      if (entry !== undefined) last = { id: Number(entry['id']), hash: String(entry['hash']) };
    },
    /** Syncs the file, gives it its final name and returns that name. @param range ids in the file */
    finish: async (range: string): Promise<string> => {
      const name = `${kind}-${range}-${moment}.ndjson.gz`;
      await handle.sync();
      await handle.close();
      await publish({ folder, name, partial, manifest: manifestText(manifestOf(name)), mode });
      return name;
    },
    /** Deletes the unfinished file. */
    discard: async (): Promise<void> => {
      await handle.close();
      await rm(partial, { force: true });
    },
  };
}

interface Finished extends Pick<Begun, 'folder' | 'partial' | 'mode'> {
  readonly name: string;
  readonly manifest: string;
}

/** Puts the file and its manifest in their places. After a failure neither is there, because what they hold is exported again. */
async function publish({ folder, name, partial, manifest, mode }: Finished): Promise<void> {
  const path = join(folder, name);
  const placed = [join(folder, manifestName(name))];
  try {
    await writeSynced(join(folder, manifestName(name)), manifest, mode);
    await rename(partial, path);
    placed.push(path);
    await syncToDisk(folder);
  } catch (error) {
    // promise: failed-export-leaves-nothing
    await Promise.all(placed.map((left) => rm(left, { force: true })));
    throw error;
  }
}

async function writeSynced(path: string, text: string, mode: number): Promise<void> {
  const handle = await open(path, 'w', mode);
  try {
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
