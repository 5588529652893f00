// Ends and removes everything of a run. It begins when its standard input ends, which is a pipe from the run: also after a kill.

import { existsSync, globSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './command.ts';
import { DRIVERS, podmanWith, setEnvironment, storageOf } from './storage.ts';

const MAX_ATTEMPTS = 30;

async function clean(scratch: string): Promise<void> {
  const reasons = new Set<string>();
  const containers = globSync('*/root/*-containers/*', { cwd: scratch }).map((path) => basename(path));
  // A container is in a cgroup with its id, and names nothing else of the run.
  const traces = [scratch, ...containers.filter((name) => /^[0-9a-f]{64}$/.test(name))];
  for (let attempt = 0; attempt < MAX_ATTEMPTS && existsSync(scratch); attempt += 1) {
    // First in order, then by force: a command of a killed run may still make something.
    await removeContainers(scratch, attempt).catch(({ message }: Error) => reasons.add(message));
    killProcesses(traces);
    await unmount(scratch).catch(({ message }: Error) => reasons.add(message));
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch (error) {
      reasons.add((error as Error).message);
      await sleep(500);
    }
  }
  if (existsSync(scratch)) throw new Error(`${scratch} stays: ${[...reasons].join('; ')}`);
}

async function removeContainers(scratch: string, attempt: number): Promise<void> {
  if (attempt > 0) return;
  setEnvironment(scratch);
  for (const driver of DRIVERS.filter((name) => existsSync(join(scratch, name)))) {
    await run('podman', [...podmanWith(storageOf(scratch, driver)), 'rm', '--all', '--force', '--time', '0']);
  }
}

/** The processes of the run: they name its folder, are in it, or have inherited its environment. */
function killProcesses(traces: readonly string[]): void {
  for (const folder of globSync('/proc/[0-9]*')) {
    const pid = Number(folder.slice('/proc/'.length));
    if (pid === process.pid || pid === process.ppid || !belongsTo(folder, traces)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

function belongsTo(folder: string, traces: readonly string[]): boolean {
  try {
    const command = readFileSync(join(folder, 'cmdline'), 'utf8');
    // Another cleaner of this folder does the same.
    if (command.includes('cleaner.ts')) return false;
    const others = ['environ', 'cgroup'].map((name) => readFileSync(join(folder, name), 'utf8'));
    const places = ['root', 'cwd'].map((name) => readlinkSync(join(folder, name)));
    const text = [command, ...others, ...places].join('\n');
    return traces.some((trace) => text.includes(trace));
  } catch {
    // It has ended, or belongs to the kernel.
    return false;
  }
}

/** The driver overlay leaves its folder mounted on itself. */
async function unmount(scratch: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(scratch));
  for (const point of points.reverse()) await run('umount', ['--lazy', point]);
}

process.stdin.resume().once('end', () => {
  const [scratch] = process.argv.slice(2);
  if (scratch === undefined) throw new Error('usage: node cleaner.ts FOLDER');
  clean(scratch).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
});
