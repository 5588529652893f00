// The TypeScript examples do what they state. They run with `npm test` because they need only Node.

import { testExamples } from './promises.ts';

testExamples({
  command: process.execPath,
  submitAndWait: 'typescript/submit-and-wait.ts',
  batch: 'typescript/batch.ts',
  followEvents: 'typescript/follow-events.ts',
  receiveNotifications: 'typescript/receive-notifications.ts',
});
