// Writes a file that appears under its name only when it is complete and on disk, and never overwrites another.

import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandError } from './context.ts';

export interface OutFile {
  readonly path: string;
  write(text: string): Promise<void>;
  /** Syncs the file and gives it its name. */
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** @param mode of the file, whatever the umask. @throws {CommandError} if it exists or cannot be created. */
export async function createOutFile(name: string, mode: number): Promise<OutFile> {
  const path = resolve(name);
  const partial = `${path}.partial`;
  if (!existsSync(dirname(path))) throw new CommandError(`${dirname(path)} does not exist: create the folder first`);
  if (existsSync(path)) throw new CommandError(`${path} exists: nothing is overwritten; move it away first`);
  const file = await open(partial, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw new CommandError(`${partial} cannot be written: ${error.message}`);
    throw new CommandError(
      `${partial} exists: another export is running, or one was interrupted; remove it if none is running`,
    );
  });
  // The umask may have taken bits away.
  await file.chmod(mode);
  const discard = async () => {
    await file.close();
    await rm(partial, { force: true });
  };
  return {
    path,
    write: async (text) => {
      await file.appendFile(text);
    },
    finish: async () => {
      await file.sync();
      await file.close();
      await publish(partial, path);
    },
    discard,
  };
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
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
