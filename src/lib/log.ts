// What the service may say about itself; the sink behind it is chosen at the top.

export type Facts = { readonly [name: string]: unknown };

/** One line per fact: a short constant message and its facts beside it. Never pass secrets, URLs with tokens or whole errors. */
export interface Log {
  /** Asks for its facts only when they are written. */
  debug(facts: () => Facts, message: string): void;
  info(facts: Facts, message: string): void;
  warn(facts: Facts, message: string): void;
  error(facts: Facts, message: string): void;
}

/** The words of anything thrown, without the stack, request or options that libraries hang on their errors. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`.slice(0, 500);
}
