// Listening sockets that whoever started this process holds open for it, so that a restart turns nobody away.

/** What file descriptor the first of them has. */
const FIRST = 3;

/**
 * File descriptors of inherited sockets, in the order of the socket unit (sd_listen_fds(3)). None when they are meant for
 * another process, such as a wrapper's.
 * @throws {Error} naming LISTEN_FDS when it is no number.
 */
export function inheritedSockets(env: Readonly<Record<string, string | undefined>>, pid: number): readonly number[] {
  const { LISTEN_PID, LISTEN_FDS = '' } = env;
  if (LISTEN_PID !== String(pid)) return [];
  if (!/^[1-9]\d{0,3}$/.test(LISTEN_FDS))
    throw new Error('LISTEN_FDS must be the number of sockets that are passed on');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, index) => FIRST + index);
}
