// A folder to which no export can be written is named at the start, and not only when the first entries are to be pruned.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { setStage } from './stage.ts';

test('the log of the start names a missing folder for exports, and the remedy', async () => {
  const folder = temporaryFolder();
  const missing = join(folder, 'missing');
  const stage = await setStage({ AUDIT_RETENTION_DAYS: '400', RETENTION_EXPORT_DIR: missing });
  const named = () => stage.log.lines.filter(({ message }) => message.includes('RETENTION_EXPORT_DIR'));
  await stage.until(() => named().length > 0);
  expect(named()).toEqual([
    {
      level: 'warn',
      message: expect.stringMatching(/nothing will be pruned: make the folder/),
      facts: { folder: missing, reason: expect.stringMatching(/ENOENT/) },
    },
  ]);
  await stage.restart({ RETENTION_EXPORT_DIR: folder });
  await stage.pass(1_000);
  expect(named()).toHaveLength(1);
});
