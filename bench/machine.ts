// Describes the measured machine: absolute numbers mean nothing without it.

import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly sqlite: string;
  /** Page writes that the disk confirms one by one, per second. */
  readonly fdatasyncsPerSecond: number;
  /** Processes that ran or waited in the minute before the run; left out by earlier runs. */
  readonly loadAverage?: number;
  readonly quick: boolean;
}

const PAGE_BYTES = 4096;
const PROBE_MS = 500;
/** The file does not grow: overwritten blocks need no allocation, as in a reused WAL. */
const PAGES = 256;

/** @param folder on the measured disk; nothing stays in it. */
export function machineOf(folder: string, quick: boolean): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    sqlite: sqliteVersion(),
    fdatasyncsPerSecond: Math.round(fdatasyncsPerSecond(folder)),
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
    quick,
  };
}

export function fdatasyncsPerSecond(folder: string, milliseconds = PROBE_MS): number {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `fdatasync-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const page = Buffer.alloc(PAGE_BYTES, 1);
    for (let i = 0; i < PAGES; i++) writeSync(file, page, 0, PAGE_BYTES, i * PAGE_BYTES);
    fdatasyncSync(file);
    const begun = performance.now();
    let count = 0;
    while (performance.now() - begun < milliseconds) {
      writeSync(file, page, 0, PAGE_BYTES, (count % PAGES) * PAGE_BYTES);
      fdatasyncSync(file);
      count += 1;
    }
    return (count / (performance.now() - begun)) * 1000;
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function sqliteVersion(): string {
  const client = new Database(':memory:');
  try {
    return client.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? 'unknown';
  } finally {
    client.close();
  }
}
