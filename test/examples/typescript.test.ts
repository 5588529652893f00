// The examples in TypeScript do what they say; they come with `npm test`, for they need nothing but Node.

import { testExamples } from './promises.ts';

testExamples({
  command: process.execPath,
  submitAndWait: 'typescript/submit-and-wait.ts',
  batch: 'typescript/batch.ts',
  followEvents: 'typescript/follow-events.ts',
  receiveNotifications: 'typescript/receive-notifications.ts',
});
