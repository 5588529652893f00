// The test suites: their files, and the command that runs each.

export interface Suite {
  readonly command: string;
  readonly include: string[];
  readonly exclude?: string[];
  readonly testTimeout: number;
  readonly maxWorkers?: number;
  readonly sequence: {
    /** Suites with the same number run at the same time, in `maxWorkers` processes together; the lowest number runs first. */
    readonly groupOrder: number;
  };
  readonly globalSetup?: string | string[];
  readonly setupFiles?: string;
  readonly isolate?: boolean;
  /** The files that take longest, which begin first: at the end of a run no processor is idle while one of them is left. */
  readonly longest?: readonly string[];
}

const SLOW = 'test/**/*.slow.test.ts';
/** Starts a PostgreSQL when a test asks for it. */
const POSTGRES = 'test/support/postgres/global-setup.ts';
const GENERATED_CASES = 'test/support/generated-cases.ts';

/** Of suites that start other programs, and wait for them most of the time. */
const PROGRAMS = { maxWorkers: 2, sequence: { groupOrder: 2 } };

export const SUITES: Readonly<Record<string, Suite>> = {
  // Its files share processes and modules, which halves the processor time: a test that needs a process of its own is slow.
  unit: {
    command: 'npm test',
    include: ['test/**/*.test.ts'],
    exclude: [SLOW],
    globalSetup: POSTGRES,
    setupFiles: GENERATED_CASES,
    testTimeout: 180_000,
    isolate: false,
    sequence: { groupOrder: 0 },
    longest: [
      'test/http/server/server.test.ts',
      'test/store/store.test.ts',
      'test/stories/notifications.test.ts',
      'test/cli/doctor/command.test.ts',
      'test/store/sqlite/store.test.ts',
      'test/store/postgres/unresponsive.test.ts',
    ],
  },
  // Benches, simulations, large exports, started programs: each file takes seconds.
  slow: {
    command: 'npm run test:slow',
    include: [SLOW],
    longest: [
      'test/simulation/simulation.slow.test.ts',
      'test/stories/on-postgres.slow.test.ts',
      'test/simulation/several/several.slow.test.ts',
      'test/bench/against.slow.test.ts',
      'test/bench/bodies.slow.test.ts',
      'test/main.slow.test.ts',
      'test/bench/races.slow.test.ts',
    ],
    globalSetup: POSTGRES,
    testTimeout: 300_000,
    sequence: { groupOrder: 1 },
  },
  // Kills the real process, cuts its power, fills its disk. Needs Linux, root and strace.
  crash: {
    command: 'npm run test:crash',
    include: ['test/crash/*.crash.ts'],
    longest: ['test/crash/power-loss.crash.ts', 'test/crash/disk-full.crash.ts'],
    testTimeout: 60_000,
    ...PROGRAMS,
  },
  // The examples in Python and for a shell. Needs python3 and curl.
  examples: {
    command: 'npm run test:examples',
    include: ['test/examples/*.examples.ts'],
    testTimeout: 180_000,
    ...PROGRAMS,
  },
  // The pages in a real browser. Needs Chromium.
  browser: {
    command: 'npm run test:browser',
    include: ['test/browser/*.browser.ts'],
    longest: ['test/browser/pages.browser.ts', 'test/browser/live.browser.ts'],
    testTimeout: 180_000,
    ...PROGRAMS,
  },
  // The proxies in front of the receiver. Needs nginx and Caddy.
  proxy: {
    command: 'npm run test:proxy',
    include: ['test/deploy/*.proxy.ts'],
    longest: ['test/deploy/front.proxy.ts', 'test/deploy/waits.proxy.ts'],
    testTimeout: 120_000,
    ...PROGRAMS,
  },
  // Several receivers behind nginx on PostgreSQL with a standby, while everything fails in turn. Needs nginx and Debian's PostgreSQL.
  cluster: {
    command: 'npm run test:cluster',
    include: ['test/cluster/*.cluster.ts'],
    testTimeout: 3_600_000,
    ...PROGRAMS,
  },
  // The dashboard and the alert rules in Prometheus. Needs prometheus.
  monitoring: {
    command: 'npm run test:monitoring',
    include: ['test/deploy/*.monitoring.ts'],
    testTimeout: 300_000,
    ...PROGRAMS,
  },
  // The image in containers. Needs root, buildah, podman, runc and mmdebstrap; with PostgreSQL also two receivers on a database.
  container: {
    command: 'npm run test:container',
    include: ['test/container/*.container.ts'],
    globalSetup: ['test/container/image.ts', POSTGRES],
    testTimeout: 900_000,
    maxWorkers: 1,
    sequence: { groupOrder: 3 },
  },
  // The package as users install it. Needs the npm registry.
  package: {
    command: 'npm run test:package',
    include: ['test/package/*.package.ts'],
    longest: ['test/package/program.package.ts'],
    globalSetup: 'test/package/install.ts',
    testTimeout: 120_000,
    ...PROGRAMS,
  },
};
