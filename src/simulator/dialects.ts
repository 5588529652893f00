// The dialects that the simulator speaks, each under the name of the shipped profile that is to fit: made from what is published
// of CXone and not from the profiles, so that a profile that asks for anything else is refused.

/** How a token is got; see token-routes.ts. */
export type TokenGrant = 'client' | 'discovered-client' | 'discovered-access-key' | 'access-key' | 'static';

/** What runs things; see the files in api/. */
export type ApiName = 'data-actions' | 'script-start' | 'jobs';

export interface Dialect {
  readonly token: TokenGrant;
  readonly api: ApiName;
}

const DIALECTS = {
  cxone: { token: 'client', api: 'data-actions' },
  'cxone-discovery-client-credentials': { token: 'discovered-client', api: 'data-actions' },
  'cxone-discovery-password': { token: 'discovered-access-key', api: 'data-actions' },
  'cxone-access-key': { token: 'access-key', api: 'data-actions' },
  'cxone-static-token': { token: 'static', api: 'data-actions' },
  'cxone-script-start': { token: 'discovered-access-key', api: 'script-start' },
  'cxone-jobs': { token: 'access-key', api: 'jobs' },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;

export const DIALECT_NAMES = Object.keys(DIALECTS) as readonly DialectName[];

export function dialectOf(name: DialectName): Dialect {
  return DIALECTS[name];
}
