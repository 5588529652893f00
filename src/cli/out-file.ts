// A file that gets its name once it is whole and on disk, and never takes the place of another.

import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandError } from './context.ts';

export interface OutFile {
  readonly path: string;
  write(text: string): Promise<void>;
  /** On disk, and under its name. */
  finish(): Promise<void>;
  /** Nothing is left of it. */
  discard(): Promise<void>;
}

/** Readable by its owner alone. @throws {CommandError} when it may not be put there */
export async function createOutFile(name: string): Promise<OutFile> {
  const path = resolve(name);
  const partial = `${path}.partial`;
  if (!existsSync(dirname(path))) throw new CommandError(`${dirname(path)} does not exist: make the folder first`);
  if (existsSync(path)) throw new CommandError(`${path} exists: nothing is overwritten, move it away first`);
  const file = await open(partial, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw new CommandError(`${partial} cannot be written: ${error.message}`);
    throw new CommandError(
      `${partial} exists: another export is under way, or one was interrupted; remove it if none is`,
    );
  });
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

/** In one step, and never in the place of another. */
async function publish(partial: string, path: string): Promise<void> {
  try {
    await link(partial, path);
    await rm(partial);
  } catch (error) {
    // A file system without hard links.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(path)) {
      throw new CommandError(`${path} exists by now: nothing is overwritten`);
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
