// The shell examples do what they state, and need only curl.

import { expect, test } from 'vitest';
import { testExamples } from './promises.ts';
import { setStage } from './stage.ts';

testExamples({
  command: 'sh',
  submitAndWait: 'curl/submit-and-wait.sh',
  batch: 'curl/batch.sh',
  followEvents: 'curl/follow-events.sh',
});

test('curl/notifications.sh lists the dead letters and sends them again', async () => {
  const stage = await setStage();
  const { code, stdout, stderr } = await stage.run('sh', 'curl/notifications.sh').finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').map((line) => JSON.parse(line))).toEqual([
    { items: [], nextCursor: null },
    { replayed: 0 },
  ]);
});
