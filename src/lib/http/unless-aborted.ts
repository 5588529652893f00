// Ends a request of undici when its signal says so.

/**
 * Makes a call that heeds the signal only while it has a connection: undici's `request` waits until the connection is open, or cannot
 * be opened, and then sends nothing.
 * @throws the reason of the signal, at once, and whatever the call throws
 */
export async function unlessAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([call(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
