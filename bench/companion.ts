// Loaded into each process of the bench before its own code: tells what that costs, and ends it when the bench is gone.

import type { Usage } from './process.ts';

process.on('message', (message: unknown) => {
  if (!isQuestion(message)) return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system } satisfies Usage);
});
// The channel keeps nobody alive who has nothing else to do.
process.channel?.unref();
// SIGTERM rather than exit: whoever has children or files to see to may.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

function isQuestion(message: unknown): message is { companion: 'usage' } {
  return typeof message === 'object' && message !== null && 'companion' in message && message.companion === 'usage';
}
