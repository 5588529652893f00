// Whether exports can be written before entries are pruned.

import type { Config } from '../../config/config.ts';
import { exportFolderProblem } from '../../workers/pruner/export-files.ts';
import { type Check, fail, ok } from './check.ts';

export async function checkExports({ retentionExportDir: folder }: Config): Promise<Check[]> {
  if (folder === null) return [];
  const problem = await exportFolderProblem(folder);
  if (problem === null) return [ok('retention export', folder)];
  const advice = 'make the folder, or let the receiver write there: until then nothing is pruned';
  return [fail('retention export', `no export can be written to RETENTION_EXPORT_DIR: ${problem}`, advice)];
}
