// Listening sockets from systemd socket activation. They stay open during a restart, so no connection is refused.

/** The first file descriptor (SD_LISTEN_FDS_START). */
const FIRST = 3;

/**
 * File descriptors of inherited sockets, in the order of the socket unit (sd_listen_fds(3)). Empty if they are meant for
 * another process, for example a wrapper.
 * @throws {Error} naming LISTEN_FDS if it is not a number.
 */
export function inheritedSockets(env: Readonly<Record<string, string | undefined>>, pid: number): readonly number[] {
  const { LISTEN_PID, LISTEN_FDS = '' } = env;
  if (LISTEN_PID !== String(pid)) return [];
  if (!/^[1-9]\d{0,3}$/.test(LISTEN_FDS))
    throw new Error('LISTEN_FDS must be the number of sockets that are passed on');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => FIRST + index);
}
