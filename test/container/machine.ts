// What this machine lets containers do, tried with a base that contains nothing of the receiver.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Whether each of these works here. The tests that need a missing one are left out. */
export interface Abilities {
  readonly builds: boolean;
  /** Containers with the documented options. */
  readonly containers: boolean;
  readonly memoryLimits: boolean;
  readonly processorLimits: boolean;
  /** systemd as PID 1, and the sandbox of its units. */
  readonly systemd: boolean;
}

export const NONE: Abilities = {
  builds: false,
  containers: false,
  memoryLimits: false,
  processorLimits: false,
  systemd: false,
};

/** Options of every container here. The default limits may be above those of the caller, who may not raise them. */
export const HERE = ['--network', 'host', '--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=1024:1024'];

/** The options that deploy/Containerfile documents. */
export const DOCUMENTED = ['--read-only', '--tmpfs', '/tmp', '--cap-drop=all', '--security-opt=no-new-privileges'];

/**
 * systemd needs capabilities and cgroups for the sandbox of the unit. /proc is writable for that reason, and systemd-sysctl is
 * masked, so that the settings of this machine's kernel stay.
 */
export const SYSTEMD = [
  '--systemd=always',
  '--cap-add=all',
  '--security-opt=unmask=all',
  '--security-opt=seccomp=unconfined',
  '--network=host',
  '--ulimit=nofile=4096:4096',
  '--ulimit=nproc=4096:4096',
  '--no-healthcheck',
  '--user=root',
];
/** podman mounts privately; systemd makes mounts, of credentials for example, in other namespaces, from which they must propagate. */
export const BOOT = [
  'sh',
  '-c',
  'mount --make-rshared / && systemctl mask systemd-sysctl && exec /lib/systemd/systemd',
];

/** A sandbox with each kind of isolation that the unit uses. */
const SANDBOX = [
  'ProtectSystem=strict',
  'ProtectProc=invisible',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'PrivateUsers=yes',
  'PrivateIPC=yes',
  'NoNewPrivileges=yes',
  'SystemCallFilter=@system-service',
  'StateDirectory=probe',
  'SetCredential=probe:yes',
  'User=daemon',
];

/** Cgroups of version 1 and 2 name the file differently; `cat` prints the one that exists. */
export const MEMORY_LIMIT_FILES =
  '/sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max';

const PROBE_TIMEOUT_MS = 120_000;
const MAX_ATTEMPTS = 300;

const execute = promisify(execFile);
type Podman = (...args: string[]) => Promise<string>;

/**
 * The image itself is not involved: what fails here is the machine.
 * @param notChecked gets a line for each missing ability, with the message of the program that failed.
 */
export async function findAbilities(
  podmanArgs: readonly string[],
  base: string,
  buildOnBase: () => void,
  notChecked: string[],
): Promise<Abilities> {
  const podman: Podman = async (...args) =>
    (await execute('podman', [...podmanArgs, ...args], { timeout: PROBE_TIMEOUT_MS })).stdout.trim();
  const tried = async (subject: string, probe: () => Promise<unknown>): Promise<boolean> => {
    try {
      await probe();
      return true;
    } catch (error) {
      notChecked.push(`${subject}: ${messageOf(error)}`);
      return false;
    }
  };
  const runIn = (options: readonly string[], ...command: string[]) =>
    podman('run', '--rm', ...DOCUMENTED, ...HERE, ...options, base, ...command);
  /** Some machines accept a limit without a cgroup that enforces it. */
  const limits = async (option: string, file: string, value: string) => {
    const found = await runIn([option], 'sh', '-c', `cat ${file}`);
    if (found !== value) throw new Error(`${option} sets ${found}`);
  };
  const builds = await tried('the build of the image, and everything else', async () => buildOnBase());
  const containers =
    builds && (await tried('containers, with limits and systemd', () => runIn(['--user=node'], 'true')));
  const memoryLimits =
    containers && (await tried('limits of memory', () => limits('--memory=64m', MEMORY_LIMIT_FILES, String(2 ** 26))));
  const processorLimits = containers && (await tried('limits of processor time', () => runIn(['--cpus=0.1'], 'true')));
  const systemd = containers && (await tried('the unit under systemd', () => bootsSystemd(podman, base)));
  return { builds, containers, memoryLimits, processorLimits, systemd };
}

async function bootsSystemd(podman: Podman, base: string): Promise<void> {
  const id = await podman('run', '--detach', ...SYSTEMD, base, ...BOOT);
  try {
    await untilBooted((...command) => podman('exec', id, ...command));
    const properties = SANDBOX.map((property) => `--property=${property}`);
    const command = ['sh', '-c', 'test -r "$CREDENTIALS_DIRECTORY/probe"'];
    await podman('exec', id, 'systemd-run', '--quiet', '--wait', ...properties, ...command);
  } finally {
    await podman('rm', '--force', '--time', '0', id);
  }
}

/** Resolves when systemd has started all its units. */
export async function untilBooted(run: (...command: string[]) => Promise<string>): Promise<void> {
  let reason: unknown;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    try {
      // Before systemd listens, the command fails at once.
      await run('systemctl', 'is-system-running', '--wait');
      return;
    } catch (error) {
      reason = error;
      await sleep(200);
    }
  }
  throw new Error(`systemd does not start: ${messageOf(reason)}`);
}

/** The last line of what the program wrote. */
function messageOf(error: unknown): string {
  const { stderr, stdout, message } = error as { stderr?: unknown; stdout?: unknown; message?: string };
  const text = [stderr, stdout, message].map((part) => String(part ?? '').trim()).find((part) => part !== '');
  return text?.split('\n').at(-1) ?? String(error);
}
