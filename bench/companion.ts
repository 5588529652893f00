// Preloaded into each process of the bench: reports processor time, and ends the process when the bench is gone.

import type { Usage } from './process.ts';

process.on('message', (message: unknown) => {
  if (!isQuestion(message)) return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicroseconds: user + system } satisfies Usage);
});
// The channel must not keep an otherwise idle process alive.
process.channel?.unref();
// SIGTERM instead of exit, so that the process can stop its children and remove its files.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));

function isQuestion(message: unknown): message is { companion: 'usage' } {
  return typeof message === 'object' && message !== null && 'companion' in message && message.companion === 'usage';
}
