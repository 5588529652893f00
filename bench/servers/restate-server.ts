// Restate's server, started on loopback without telemetry.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { freePort } from '../../src/lib/free-port.ts';

export interface RestatePorts {
  readonly ingress: number;
  readonly admin: number;
  readonly node: number;
}

export async function restatePorts(): Promise<RestatePorts> {
  return { ingress: await freePort(), admin: await freePort(), node: await freePort() };
}

/** Waiting handlers are suspended immediately, because 1,000 run at a time. */
export function spawnRestate(binary: string, folder: string, ports: RestatePorts, stdio: StdioOptions): ChildProcess {
  const at = (port: number) => `127.0.0.1:${port}`;
  const server = spawn(binary, ['--no-logo', '--listen-mode', 'tcp', '--bind-ip', '127.0.0.1'], {
    cwd: folder,
    stdio,
    env: {
      RESTATE_BASE_DIR: folder,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
      RESTATE_ADVERTISED_HOST: '127.0.0.1',
      RESTATE_BIND_PORT: String(ports.node),
      RESTATE_INGRESS__BIND_ADDRESS: at(ports.ingress),
      RESTATE_ADMIN__BIND_ADDRESS: at(ports.admin),
      RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT: '0s',
    },
  });
  process.on('exit', () => server.kill('SIGKILL'));
  return server;
}
