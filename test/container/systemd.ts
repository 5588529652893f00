// A container whose PID 1 is systemd, with the receiver installed in it as the head of the unit states.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { BOOT, SYSTEMD, untilBooted } from './machine.ts';
import { isReady, PATIENCE, podman, type Setting } from './podman.ts';

export const NAME = 'cxone-callback-receiver';
const HOME = `/opt/${NAME}`;
export const STATE = `/var/lib/${NAME}`;
const USER = 'cxone-receiver';
const ENVIRONMENT = `/etc/${NAME}.env`;
const UNITS = '/etc/systemd/system';

export type Variables = Readonly<Record<string, string>>;

export interface Host {
  /** Runs a command as root and returns its output. */
  run(...command: string[]): Promise<string>;
  /** Writes a file with mode 0600, and the folders above it. */
  write(file: string, text: string): Promise<void>;
  /** Copies a file of this machine to it, and makes the receiver's user its owner. */
  give(from: string, to: string): Promise<void>;
  /** Installs a file of deploy/ as a unit or a part of one, changed as its comments allow. */
  install(file: string, to: string, change?: (text: string) => string): Promise<void>;
  configure(variables: Variables): Promise<void>;
  /** A property of the service. */
  property(name: string): Promise<string>;
  /** What the journal has of the service, systemd's own lines included. */
  journal(): Promise<string>;
  /** The messages that the receiver wrote to the journal. Each line is JSON. */
  messages(): Promise<string[]>;
  /** The process id of the receiver on this machine. */
  pidOutside(): Promise<number>;
}

const deployed = (file: string) => readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8');

/** Resolves when systemd has started, with the unit and its environment installed. */
export async function bootHost(variables: Variables): Promise<Host> {
  const id = await podman('run', '--detach', ...SYSTEMD, inject('image').name, ...BOOT);
  const run = (...command: string[]) => podman('exec', '--workdir', '/', id, ...command);
  const service = `${NAME}.service`;
  const journal = async (...options: string[]) => {
    // The journal reads what a service wrote a moment later, also after the service has ended.
    await run('journalctl', '--sync');
    return run('journalctl', '--unit', service, '--no-pager', ...options);
  };
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') process.stdout.write(`${await journal().catch(String)}\n`);
    await podman('rm', '--force', '--time', '0', id);
  });
  const write = async (file: string, text: string) => {
    const source = join(temporaryFolder(), 'file');
    writeFileSync(source, text, { mode: 0o600 });
    await run('mkdir', '-p', dirname(file));
    await podman('cp', source, `${id}:${file}`);
  };
  const host: Host = {
    run,
    write,
    give: async (from, to) => {
      await run('install', '-d', '-m', '0700', '-o', USER, dirname(to));
      await podman('cp', from, `${id}:${to}`);
      await run('chown', USER, to);
    },
    install: (file, to, change = (text) => text) => write(`${UNITS}/${to}`, change(deployed(file))),
    configure: (all) => {
      const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
      return write(ENVIRONMENT, lines.join(''));
    },
    property: (name) => run('systemctl', 'show', `--property=${name}`, '--value', service),
    journal: () => journal(),
    messages: async () => {
      const text = await journal('--output', 'cat', '--identifier', 'node');
      return text.split('\n').map((line) => JSON.parse(line).msg);
    },
    pidOutside: async () => {
      const inside = await host.property('MainPID');
      const pids = await podman('top', id, 'pid', 'hpid');
      const lines = pids.split('\n').map((line) => line.trim().split(/\s+/));
      return Number(lines.find(([pid]) => pid === inside)?.[1]);
    },
  };
  await untilBooted(run);
  await run('useradd', '--system', '--home-dir', STATE, '--shell', '/usr/sbin/nologin', USER);
  await run('sh', '-c', `ln -s /usr/local/bin/node /usr/bin/node && ln -s /app ${HOME}`);
  await host.install(service, service);
  await host.configure(variables);
  return host;
}

/** The command of the unit's head for the commands of operators, with another one in the place of `doctor`. */
export function operatorCommand(command: string): string {
  const [, found] = /^# {3}(systemd-run --pipe [\s\S]*? doctor)$/m.exec(deployed(`${NAME}.service`)) ?? [];
  if (found === undefined) throw new Error('the unit documents no command for operators');
  return found.replaceAll(/\\\n# */g, '').replace(/doctor$/, command);
}

export async function startUnit(host: Host, setting: Setting): Promise<void> {
  await host.run('systemctl', 'daemon-reload');
  await host.run('systemctl', 'enable', '--now', NAME);
  await untilReady(setting);
}

export async function untilReady(setting: Setting): Promise<void> {
  await expect.poll(() => isReady(setting), PATIENCE).toBe(true);
}

export const UPGRADES = fileURLToPath(new URL('../upgrade/', import.meta.url));
