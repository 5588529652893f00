// Which responses reject one message, as opposed to those of an endpoint that accepts no message now.

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
