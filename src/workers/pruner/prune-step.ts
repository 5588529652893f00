// One step of pruning for one kind of data: select a batch, export it if configured, then delete it.

import type { AuditHead } from '../../store/port.ts';
import type { RetentionRecord } from '../../store/retention-port.ts';
import type { ExportFile, ExportFiles, ExportKind } from './export-files.ts';

export interface PruneTarget<Batch> {
  readonly kind: ExportKind;
  /** Returns the batch after this one; undefined at the end. */
  select(after: Batch | null): Promise<Batch | undefined>;
  records(batch: Batch): Promise<readonly RetentionRecord[]>;
  /** Returns the entry before the next one that is deleted; null if the batches hold no entries. */
  start(): Promise<AuditHead | null>;
  /** Returns the part of the file name that identifies these batches. */
  range(batches: readonly Batch[]): string;
  /** Deletes a batch. Returns false if it is needed again; then the batches after it stay as well. */
  delete(batch: Batch): Promise<boolean>;
}

/** Batches in one export file. */
const BATCHES_PER_FILE = 40;

/** Returns whether there was anything to prune. @throws {NodeJS.ErrnoException} if an export fails; nothing is deleted then */
export type PruneStep = () => Promise<boolean>;

export interface PruneExport {
  readonly files: ExportFiles | null;
  /** Lets other work run between two batches. Resolves at once when the receiver stops. */
  pause(): Promise<void>;
  stopping(): boolean;
  exported(name: string): void;
}

export function createPruneStep<Batch>(target: PruneTarget<Batch>, tools: PruneExport): PruneStep {
  const { files, pause, stopping, exported } = tools;
  let last: Batch | null = null;
  let ready: Batch[] = [];

  /** Returns the batches that may be deleted: a file's worth if they are exported, one batch otherwise. */
  async function prepare(): Promise<Batch[]> {
    const batch = await target.select(last);
    if (batch === undefined) return [];
    return files === null ? [batch] : exportFrom(batch, files);
  }

  async function exportFrom(first: Batch, into: ExportFiles): Promise<Batch[]> {
    const batches: Batch[] = [];
    let file: ExportFile | null = null;
    try {
      for (let batch: Batch | undefined = first; batch !== undefined; ) {
        const records = await target.records(batch);
        // promise: export-before-prune
        if (records.length > 0) {
          file ??= await into.begin(target.kind, await target.start());
          await file.add(records);
        }
        batches.push(batch);
        await pause();
        batch = batches.length < BATCHES_PER_FILE && !stopping() ? await target.select(batch) : undefined;
      }
      if (file !== null) exported(await file.finish(target.range(batches)));
      return batches;
    } catch (error) {
      // The first failure is the one to report.
      await file?.discard().catch(() => {});
      throw error;
    }
  }

  return async () => {
    if (ready.length === 0) ready = await prepare();
    // What is exported is deleted in the same round, which a stop completes: the next process would export it again.
    for (let batch = ready[0]; batch !== undefined; batch = ready[0]) {
      if (!(await target.delete(batch))) break;
      last = batch;
      ready.shift();
      // promise: exported-once
      if (ready.length === 0) return true;
      await pause();
    }
    last = null;
    ready = [];
    return false;
  };
}
