// strace on a process of a container, from outside.

import { spawn } from 'node:child_process';

const ATTACH_TIMEOUT_MS = 120_000;

/**
 * Resolves when strace has attached, to a function that ends it.
 * @throws {Error} with the words of strace.
 */
export async function attachStrace(pid: number, options: readonly string[]): Promise<() => Promise<void>> {
  const args = ['-f', ...options, '--output=/dev/null', '-p', String(pid)];
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const attached = Promise.withResolvers<void>();
  let text = '';
  tracer.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.includes('attached')) attached.resolve();
  });
  const ended = new Promise<void>((resolve) => {
    tracer.once('close', () => resolve());
    // It is not installed: nothing else follows.
    tracer.once('error', (error) => {
      attached.reject(error);
      resolve();
    });
  });
  void ended.then(() => attached.reject(new Error(`strace did not attach: ${text.trim()}`)));
  const timer = setTimeout(() => attached.reject(new Error('strace did not attach in time')), ATTACH_TIMEOUT_MS);
  const end = async () => {
    tracer.kill('SIGKILL');
    await ended;
  };
  try {
    await attached.promise;
    return end;
  } catch (error) {
    await end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
