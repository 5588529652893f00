// The reason of a failed request, and which responses reject one message.

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

/**
 * The 4xx responses about the endpoint or the moment: signatures that it does not accept, an unpaid host, a proxy, too slow, too
 * early, too often.
 */
const ABOUT_THE_ENDPOINT = [401, 402, 407, 408, 425, 429];

/** Returns true for any other 4xx: it is about the size of the message, its content, its path, or a rule of a firewall. */
export function isRejection(httpStatus: number): boolean {
  // promise: rejection-is-about-the-message
  return httpStatus >= 400 && httpStatus <= 499 && !ABOUT_THE_ENDPOINT.includes(httpStatus);
}
