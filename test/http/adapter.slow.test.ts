// The contract of the webhook and of submissions and hostile requests once more, with every request served by the adapter. The
// files themselves run with the direct routes.

import { useAdapterAlone } from './harness.ts';

useAdapterAlone();
await import('./webhook/callback-endpoint.test.ts');
await import('./webhook/callback-refusals.test.ts');
await import('./webhook/callback-encodings.test.ts');
await import('./webhook/callback-disconnect.slow.test.ts');
await import('./executions/submit.test.ts');
await import('./executions/submission-refusals.test.ts');
await import('./hostile-content.slow.test.ts');
await import('./hostile-framing.slow.test.ts');
