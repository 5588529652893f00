// What this machine lets containers do, tried at the start with an image that contains nothing of the receiver.

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/lib/free-port.ts';
import { CommandError } from './command.ts';
import { attachStrace } from './strace.ts';

/** What the tests need besides containers. Tests that need a missing one are left out. */
const NEEDS = {
  containers: 'every test of a container: rights, signals, kills, and all below',
  healthChecks: 'the health check',
  secrets: 'secrets as files that podman mounts',
  memoryLimits: 'the limit of 512 MiB, and kills by the kernel for memory',
  processorLimits: 'SIGTERM to a receiver that is still loading, which a limit of processor time makes long',
  systemd: 'the unit under systemd',
  tracing: 'the restart by systemd after a failed fsync, which strace injects',
} as const;

export type Abilities = Readonly<Record<keyof typeof NEEDS | 'builds', boolean>>;

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
  'ProtectHome=yes',
  'ProtectProc=invisible',
  'ProcSubset=pid',
  'ProtectKernelTunables=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'PrivateUsers=yes',
  'PrivateIPC=yes',
  'ProtectHostname=yes',
  'NoNewPrivileges=yes',
  'SystemCallFilter=@system-service',
  'StateDirectory=probe',
  'SetCredential=probe:yes',
  'User=daemon',
];

/** Cgroups of version 1 and 2 name the files differently; `cat` prints the one that exists. */
export const MEMORY_LIMIT_FILES =
  '/sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max';
const PROCESSOR_LIMIT_FILES =
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d " " -f 1 /sys/fs/cgroup/cpu.max';

/** What the image of the probes does: it responds at $PORT, and ends with 0 after SIGTERM. */
const PROGRAM =
  "require('http').createServer((_, response) => response.end()).listen(process.env.PORT, '127.0.0.1'); process.on('SIGTERM', () => process.exit(0))";

/** A build with each kind of step that the real one has; the packages come from the npm registry. */
export const probeRecipe = (base: string): string => `FROM ${base}
RUN npm view hono version
RUN install -d -o node -g node -m 0700 /data
VOLUME /data
USER node
HEALTHCHECK CMD ["true"]
CMD ${JSON.stringify(['node', '--eval', PROGRAM])}
`;

const MAX_WAIT_MS = 240_000;
const INTERVAL_MS = 200;
const PROBE_LIMIT_BYTES = 128 * 1024 * 1024;

type Podman = (...args: string[]) => Promise<string>;

/**
 * Tries what each test needs. What fails here is the machine, not the receiver.
 * @param image is built from `probeRecipe`.
 * @param notChecked gets a line for each missing ability, with the words of the program that failed.
 */
export async function findAbilities(podman: Podman, image: string, notChecked: string[]): Promise<Abilities> {
  const probes = probesWith(podman, image);
  const tried = async (need: keyof typeof NEEDS, after: boolean): Promise<boolean> => {
    if (!after) return false;
    try {
      await probes[need]();
      return true;
    } catch (error) {
      notChecked.push(`${NEEDS[need]}: ${summaryOf(error)}`);
      return false;
    }
  };
  const containers = await tried('containers', true);
  const systemd = await tried('systemd', containers);
  return {
    builds: true,
    containers,
    healthChecks: await tried('healthChecks', containers),
    secrets: await tried('secrets', containers),
    memoryLimits: await tried('memoryLimits', containers),
    processorLimits: await tried('processorLimits', containers),
    systemd,
    tracing: await tried('tracing', systemd),
  };
}

function probesWith(podman: Podman, image: string): Record<keyof typeof NEEDS, () => Promise<void>> {
  /** Runs the program of the image in a container, which is removed. */
  const inContainer = async (options: readonly string[], work: (id: string) => Promise<void>): Promise<void> => {
    const port = await freePort();
    const env = ['--env', `PORT=${port}`];
    const id = await podman('run', '--detach', ...DOCUMENTED, ...HERE, ...env, ...options, image);
    try {
      await eventually('the network of this machine in a container', () => fetch(`http://127.0.0.1:${port}`));
      await work(id);
    } finally {
      await podman('rm', '--force', '--volumes', '--time', '0', id);
    }
  };
  /** Some machines accept a limit without a cgroup that enforces it. */
  const expectLimit = async (id: string, files: string, value: number) => {
    const found = await podman('exec', id, 'sh', '-c', `cat ${files}`);
    if (found !== String(value)) throw new Error(`the limit is ${found} instead of ${value}`);
  };
  const pidOf = async (id: string) => Number(await podman('inspect', '--format', '{{.State.Pid}}', id));
  return {
    containers: () =>
      inContainer(['--volume', 'probe:/data'], async (id) => {
        await podman('exec', id, 'touch', '/data/file');
        await podman('kill', '--signal', 'TERM', id);
        const code = await podman('wait', id);
        if (code !== '0') throw new Error(`the exit code after SIGTERM is ${code}`);
      }),
    healthChecks: () => inContainer([], async (id) => void (await podman('healthcheck', 'run', id))),
    secrets: async () => {
      await podman('secret', 'create', 'probe', '/etc/hostname');
      const options = ['--tmpfs', '/run/secrets', '--secret', 'probe'];
      await inContainer(options, async (id) => void (await podman('exec', id, 'cat', '/run/secrets/probe')));
    },
    memoryLimits: () =>
      inContainer([`--memory=${PROBE_LIMIT_BYTES}`, `--memory-swap=${PROBE_LIMIT_BYTES}`], async (id) => {
        await expectLimit(id, MEMORY_LIMIT_FILES, PROBE_LIMIT_BYTES);
        await exhaustMemory(await pidOf(id), (...command) => podman('exec', id, ...command));
        const code = await podman('wait', id);
        if (code !== '137') throw new Error(`the exit code after too much memory is ${code}`);
      }),
    processorLimits: () => inContainer(['--cpus=0.1'], (id) => expectLimit(id, PROCESSOR_LIMIT_FILES, 10_000)),
    systemd: async () => {
      const id = await podman('run', '--detach', ...SYSTEMD, image, ...BOOT);
      try {
        await untilBooted((...command) => podman('exec', id, ...command));
        const properties = SANDBOX.map((property) => `--property=${property}`);
        const command = ['sh', '-c', 'test -r "$CREDENTIALS_DIRECTORY/probe"'];
        await podman('exec', id, 'systemd-run', '--quiet', '--wait', ...properties, ...command);
        await podman('exec', id, 'journalctl', '--sync');
      } finally {
        await podman('rm', '--force', '--volumes', '--time', '0', id);
      }
    },
    tracing: () => inContainer([], async (id) => (await attachStrace(await pidOf(id), FAILING_FSYNCS))()),
  };
}

/** Takes far more memory than a container here has, so that the kernel kills one of its processes. */
const FILL = 'const kept = []; for (let i = 0; i < 64; i += 1) kept.push(Buffer.alloc(2 ** 24, 1))';

/**
 * Lets the kernel kill a process that is PID 1 of a container for its memory. Resolves when the command that fills the memory has
 * ended with it.
 */
export async function exhaustMemory(pid: number, exec: Podman): Promise<void> {
  // The kernel chooses the process with the highest score.
  writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  const isEnforced = await exec('node', '--eval', FILL).then(
    () => false,
    () => true,
  );
  if (!isEnforced) throw new Error('the kernel does not enforce the limit');
}

/** Options of strace with which each fsync of the process fails. */
export const FAILING_FSYNCS = ['--trace=fsync,fdatasync', '--inject=fsync,fdatasync:error=EIO'];

/** Resolves when systemd has started all its units. */
export async function untilBooted(run: (...command: string[]) => Promise<string>): Promise<void> {
  // Before systemd listens, the command fails at once.
  await eventually('systemd', () => run('systemctl', 'is-system-running', '--wait'));
}

async function eventually(what: string, attempt: () => Promise<unknown>): Promise<void> {
  let reason: unknown;
  for (const late = Date.now() + MAX_WAIT_MS; Date.now() < late; await sleep(INTERVAL_MS)) {
    try {
      await attempt();
      return;
    } catch (error) {
      reason = error;
    }
  }
  throw new Error(`${what} does not start: ${summaryOf(reason)}`);
}

/** What went wrong, in one line. */
export function summaryOf(error: unknown): string {
  if (error instanceof CommandError) return error.summary;
  return (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? '';
}
