// The Python examples do what they state, and need only its standard library.

import { testExamples } from './promises.ts';

testExamples({
  command: 'python3',
  submitAndWait: 'python/submit_and_wait.py',
  batch: 'python/batch.py',
  followEvents: 'python/follow_events.py',
  receiveNotifications: 'python/receive_notifications.py',
});
