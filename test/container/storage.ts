// Where images, containers and volumes of a run are: in its folder, by a storage driver that works on this machine.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** vfs needs nothing of the kernel, but copies the image for each container. */
export const DRIVERS = ['overlay', 'vfs'] as const;
export type Driver = (typeof DRIVERS)[number];

/** The arguments that podman and buildah take before their subcommand. */
export function storageOf(scratch: string, driver: Driver): string[] {
  const folder = join(scratch, driver);
  return [`--root=${join(folder, 'root')}`, `--runroot=${join(folder, 'run')}`, `--storage-driver=${driver}`];
}

export const podmanWith = (storage: readonly string[]): string[] => [
  ...storage,
  ...['--runtime=runc', '--cgroup-manager=cgroupfs', '--events-backend=file'],
];

/**
 * Sets the environment of all commands of the run. Temporary files are in its folder, the settings of this machine for containers do
 * not count, and health checks run when a test requests them, also where podman finds no systemd that does it on time.
 */
export function setEnvironment(scratch: string): void {
  const settings = join(scratch, 'containers.conf');
  // By default, the locks of containers that a killed run has left stay in memory that all podmans of the machine share.
  writeFileSync(settings, `[engine]\nlock_type = "file"\ntmp_dir = "${join(scratch, 'libpod')}"\n`);
  Object.assign(process.env, { TMPDIR: scratch, CONTAINERS_CONF: settings, DISABLE_HC_SYSTEMD: 'true' });
}
