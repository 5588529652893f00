// One kind of thing that is forgotten in small steps: looked at, written down if that is wanted, and only then gone.

import type { RetentionRecord } from '../../store/retention-port.ts';
import type { ExportFile, ExportFiles, ExportKind } from './export-files.ts';

export interface PruneTarget<Batch> {
  readonly kind: ExportKind;
  /** The next batch behind this one; undefined at the end. */
  select(after: Batch | null): Promise<Batch | undefined>;
  records(batch: Batch): Promise<readonly RetentionRecord[]>;
  /** Names what is in a file that holds these. */
  range(batches: readonly Batch[]): string;
  /** Returns whether it went; false when somebody needs it again, and what is behind it with it. */
  delete(batch: Batch): Promise<boolean>;
}

/** So many batches are written into one file. */
const BATCHES_PER_FILE = 40;

/** One step; returns whether there was anything to do. @throws what the file system says of an export: then nothing went. */
export type PruneStep = () => Promise<boolean>;

/** @param pause between two batches that are written down: others are let through. */
export function createPruneStep<Batch>(
  things: PruneTarget<Batch>,
  files: ExportFiles | null,
  pause: () => Promise<void>,
  exported: (name: string) => void,
): PruneStep {
  let last: Batch | null = null;
  let ready: Batch[] = [];

  /** Those that may go now: without files one at a time. */
  async function prepare(): Promise<Batch[]> {
    if (files === null) {
      const batch = await things.select(last);
      return batch === undefined ? [] : [batch];
    }
    return writeDown(files);
  }

  async function writeDown(into: ExportFiles): Promise<Batch[]> {
    let batch = await things.select(last);
    if (batch === undefined) return [];
    const batches: Batch[] = [];
    let file: ExportFile | null = null;
    try {
      while (batch !== undefined) {
        const records = await things.records(batch);
        // promise: export-before-prune
        if (records.length > 0) {
          file ??= await into.begin(things.kind);
          await file.add(records);
        }
        batches.push(batch);
        await pause();
        batch = batches.length < BATCHES_PER_FILE ? await things.select(batch) : undefined;
      }
      if (file !== null) exported(await file.finish(things.range(batches)));
      return batches;
    } catch (error) {
      // The first failure is the one to tell.
      await file?.discard().catch(() => {});
      throw error;
    }
  }

  return async () => {
    if (ready.length === 0) ready = await prepare();
    const batch = ready.shift();
    if (batch === undefined) {
      last = null;
      return false;
    }
    if (await things.delete(batch)) {
      last = batch;
      return true;
    }
    last = null;
    ready = [];
    return false;
  };
}
