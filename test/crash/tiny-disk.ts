// A small disk that a test fills to its last byte.

import { execFileSync } from 'node:child_process';
import { appendFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';

/** Returns the folder of a disk of this size, which is removed after the test. @throws where nothing may be mounted: run it as root */
export function tinyDisk(megabytes: number): string {
  const folder = temporaryFolder();
  try {
    const options = `size=${megabytes}m,mode=755`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tiny', folder], { stdio: 'pipe' });
  } catch (error) {
    throw new Error('the disk-full suite must mount a tmpfs: run it as root', { cause: error });
  }
  onTestFinished(() => void execFileSync('umount', ['-l', folder]));
  return folder;
}

/** Fills the disk to its last byte. Returns a function that frees a number of bytes, by default all of them. */
export function fill(disk: string): (bytes?: number) => void {
  const ballast = join(disk, 'ballast');
  let size = 0;
  try {
    for (;;) {
      appendFileSync(ballast, Buffer.alloc(4096));
      size += 4096;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return (bytes = size) => truncateSync(ballast, size - bytes);
}
