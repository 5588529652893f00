// What a request died of, in words that can be shown.

/** The words of the innermost cause: the errors around it carry the URL and our headers. */
export function failureReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown trouble';
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
