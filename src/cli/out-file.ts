// Writes a file that appears under its name only when it is complete and on disk, and never overwrites another.

import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { syncToDisk } from '../lib/sync-to-disk.ts';
import { CommandError } from './context.ts';

export interface OutFile {
  readonly path: string;
  /** @throws {CommandError} if it cannot be written, for example because the disk is full */
  write(text: string): Promise<void>;
  /** Syncs the file and gives it its name. @throws {CommandError} */
  finish(): Promise<void>;
  /** Removes what was written, also under its name. */
  discard(): Promise<void>;
}

/** @param mode of the file, whatever the umask. @throws {CommandError} if it exists or cannot be created. */
export async function createOutFile(name: string, mode: number): Promise<OutFile> {
  const path = resolve(name);
  const partial = `${path}.partial`;
  if (!existsSync(dirname(path))) throw new CommandError(`${dirname(path)} does not exist: create the folder first`);
  if (existsSync(path)) throw new CommandError(`${path} exists: nothing is overwritten; move it away first`);
  const file = await open(partial, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw unwritten(partial, error);
    throw new CommandError(
      `${partial} exists: another export is running, or one was interrupted; remove it if none is running`,
    );
  });
  let isPublished = false;
  const discard = async () => {
    await file.close();
    await rm(partial, { force: true });
    // promise: failed-export-has-no-file
    if (isPublished) await rm(path, { force: true });
  };
  /** Does what may fail because of the disk. */
  const named = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      throw error instanceof CommandError ? error : unwritten(path, error);
    }
  };
  try {
    // The umask may have taken bits away.
    await named(() => file.chmod(mode));
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    path,
    write: (text) => named(() => file.appendFile(text)),
    finish: () =>
      named(async () => {
        await file.sync();
        await file.close();
        await publish(partial, path);
        isPublished = true;
        await syncToDisk(dirname(path));
      }),
    discard,
  };
}

function unwritten(path: string, error: unknown): CommandError {
  const { code, message } = error as NodeJS.ErrnoException;
  const remedy = code === 'ENOSPC' ? ': make room, or choose another disk' : '';
  return new CommandError(`${path} cannot be written: ${message}${remedy}`);
}

/** Renames in one step, without overwriting. */
async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await rm(partial);
  } catch (error) {
    // The file system may have no hard links.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(path)) {
      throw new CommandError(`${path} was created in the meantime: nothing is overwritten`);
    }
    await rename(partial, path);
  }
}
