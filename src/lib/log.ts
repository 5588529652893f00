// The log port. The composition root chooses the sink.

export type Facts = { readonly [name: string]: unknown };

/** Writes one line per event: a short constant message and its facts. Never pass secrets, URLs with tokens or whole errors. */
export interface Log {
  /** Calls `facts` only if the line is written. */
  debug(facts: () => Facts, message: string): void;
  info(facts: Facts, message: string): void;
  warn(facts: Facts, message: string): void;
  error(facts: Facts, message: string): void;
}

/** Writes nothing. */
export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Returns name and message of anything thrown, without the stack, request or options that libraries attach to errors. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`.slice(0, 500);
}
