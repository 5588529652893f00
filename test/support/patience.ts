// How long the suites wait for what only a slow machine makes slow: a browser's first start from a cold disk took ten seconds.
// It is a bound for what never comes, and costs nothing where all is well.

export const PATIENCE = { pool: 'forks', hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } } as const;
