// The dialects of the simulator, each named after a shipped profile. They follow CXone's published documentation and not the
// profiles, so that the simulator refuses a profile that deviates.

/** The way to get a token; see token-routes.ts. */
export type TokenGrant = 'client' | 'discovered-client' | 'discovered-access-key' | 'access-key' | 'static';

/** The API that runs actions; see the files in api/. */
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
