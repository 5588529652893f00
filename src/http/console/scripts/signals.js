// The stream of signals to this page, which the receiver sends when what the page shows has changed.

/** The receiver signals at least every 5 s. */
const MAX_SILENCE_MS = 12_000;
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 30_000;

/**
 * @param query what the page shows
 * @param changed called when it may have changed, and when the stream breaks: reading the page then shows why
 */
export function createSignals(query, changed) {
  let source = null;
  let signalledAt = 0;
  let connectAt = 0;
  let retryMs = RETRY_MS;

  function close() {
    source?.close();
    source = null;
  }

  function signalled() {
    signalledAt = performance.now();
    retryMs = RETRY_MS;
  }

  return {
    /** Opens the stream, unless it is open or was refused a short time ago. */
    open() {
      if (source !== null || performance.now() < connectAt) return;
      source = new EventSource(new URL(`../signals?${query}`, import.meta.url));
      signalledAt = performance.now();
      source.addEventListener('alive', signalled);
      source.addEventListener('changed', () => {
        signalled();
        changed();
      });
      source.addEventListener('error', () => {
        close();
        connectAt = performance.now() + retryMs;
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
        changed();
      });
    },
    close,
    /** Lets the next call of `open` open the stream at once. */
    retry() {
      connectAt = 0;
      retryMs = RETRY_MS;
    },
    /** True while the stream reports every change. */
    get isReliable() {
      return source !== null && performance.now() - signalledAt <= MAX_SILENCE_MS;
    },
  };
}
