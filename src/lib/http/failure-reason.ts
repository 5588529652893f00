// The reason of a failed request, safe to show.

/** Returns code and message of the innermost cause: the errors around it contain the URL and the headers. */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error.cause instanceof Error) return failureReason(error.cause);
  const [first] = error instanceof AggregateError ? error.errors : [];
  if (first instanceof Error) return failureReason(first);
  const code =
    'code' in error && typeof error.code === 'string' && !error.message.includes(error.code) ? error.code : '';
  return [code, error.message]
    .filter((part) => part !== '')
    .join(': ')
    .slice(0, 256);
}
