// The target of a redirect, for messages. The receiver follows none: a redirect would send the token to another address.

import { excerpt } from '../lib/http/excerpt.ts';

/** Returns scheme, host and path of the Location header without secrets and query; empty unless the status is a redirect. */
export function redirectTarget(
  { httpStatus, location }: { readonly httpStatus: number; readonly location: string | null },
  requestUrl: string,
  secrets: readonly string[],
): string {
  if (httpStatus < 300 || httpStatus > 399 || location === null) return '';
  const url = URL.parse(location, requestUrl);
  if (url === null) return 'an address that is not a URL';
  const address = /^https?:$/.test(url.protocol) ? `${url.origin}${url.pathname}` : url.protocol;
  return excerpt(Buffer.from(address), secrets);
}
