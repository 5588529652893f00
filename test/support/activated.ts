// The real receiver on listening sockets that another process holds open and that outlive it, as systemd does for a socket unit.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The shell has the sockets as 3, 4, … and accepts nothing; the receiver is started again each time it has ended. */
const ACTIVATOR = `while :; do
  sh -c 'echo "started $$"; LISTEN_PID=$$ exec "$@"' activated "$@" || echo "failed $?"
done`;

export interface Activated {
  readonly ports: readonly number[];
  /** How often the receiver has ended with a code other than 0. */
  failures(): number;
  /** Ends the running receiver as systemd does; resolves when the next one listens. */
  restart(): Promise<void>;
}

/** PORT (and CALLBACK_PORT, for a second socket) are set to the ports of the sockets. */
export async function runActivated(env: Record<string, string>, sockets = 1): Promise<Activated> {
  const holders = Array.from({ length: sockets }, () => createServer());
  for (const holder of holders) await once(holder.listen(0, '127.0.0.1'), 'listening');
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  const handles = holders.map((holder) => (holder as unknown as { _handle: { fd: number } })._handle.fd);
  const [port, callbackPort] = ports;
  const child = spawn('sh', ['-c', ACTIVATOR, 'activator', process.execPath, MAIN, 'start'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      LISTEN_FDS: String(sockets),
      PORT: String(port),
      ...(callbackPort === undefined ? {} : { CALLBACK_PORT: String(callbackPort) }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', ...handles],
    detached: true,
  });
  // From here on only the shell holds the sockets, and nothing accepts.
  for (const holder of holders) holder.close();

  const started: number[] = [];
  let listening = 0;
  let failures = 0;
  let wake = () => {};
  if (child.stdout === null) throw new Error('the shell has no stdout');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [, pid] = /^started (\d+)$/.exec(line) ?? [];
    if (pid !== undefined) started.push(Number(pid));
    if (line.includes('"msg":"listening"')) listening += 1;
    if (line.startsWith('failed ')) failures += 1;
    wake();
  });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    // The shell leads a group of its own.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
  });
  const untilListening = async (count: number) => {
    while (listening < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  await untilListening(1);
  return {
    ports,
    failures: () => failures,
    restart: async () => {
      const count = listening;
      const pid = started.at(-1);
      if (pid === undefined) throw new Error('nothing was started');
      process.kill(pid, 'SIGTERM');
      await untilListening(count + 1);
    },
  };
}
