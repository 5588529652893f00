// The address to poll from the Location header of a submit response. The token is sent there, so it must be at the same host.

/** Longest address, in characters. */
const MAX_ADDRESS_LENGTH = 4_096;

export interface PollAddress {
  readonly pollUrl: string | null;
  /** Why the header gives no address. */
  readonly unusablePollUrl?: string;
}

/** Resolves the header against the URL of the submission, as RFC 9110 (section 10.2.2) says. */
export function readPollAddress(location: string | null, submittedTo: string): PollAddress {
  if (location === null) return unusable('the response has no Location header');
  const url = URL.parse(location, submittedTo);
  if (url === null) return unusable('its Location is not a URL');
  // promise: poll-address-at-same-host
  if (url.origin !== new URL(submittedTo).origin) return unusable(`its Location leads to another host, ${url.host}`);
  if (url.username !== '' || url.password !== '') return unusable('its Location has a user name or a password');
  url.hash = '';
  if (url.href.length > MAX_ADDRESS_LENGTH) {
    return unusable(`its Location has ${url.href.length} characters, more than ${MAX_ADDRESS_LENGTH}`);
  }
  return { pollUrl: url.href };
}

function unusable(unusablePollUrl: string): PollAddress {
  return { pollUrl: null, unusablePollUrl };
}
