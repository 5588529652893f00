// The floors of the house: imports go down only, and the linter says so. Each rule is shown to bite on a file that breaks it.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const HOME = fileURLToPath(new URL('..', import.meta.url));
const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

const VERBS = [
  'submit',
  'dispatch',
  'resolve',
  'sweep',
  'notify',
  'prune',
  'loop',
  'waiters',
  'callback-url',
  'a-verb-to-come',
  'figures/roll-up',
  'live/stream',
  'metrics/outcomes',
  'notify/lanes',
  'reconcile/run',
  'retention/forgetting',
  'sharing/fair-shares',
  'tracing/spans',
];
const PACKAGES_ABOVE_VERBS = [
  'hono',
  'hono/http-exception',
  '@hono/node-server',
  'ofetch',
  'undici',
  'drizzle-orm',
  'better-sqlite3',
];
const OTEL = ['@opentelemetry/api', '@opentelemetry/sdk-trace'];
const DRIZZLE = ['drizzle-orm', 'drizzle-orm/better-sqlite3', 'better-sqlite3'];
const TIMERS = ['node:timers', 'node:timers/promises', 'timers', 'timers/promises'];
const CLIENT = ['cxone/client.ts', 'cxone/token.ts', 'cxone/limiter.ts', 'cxone/profile.ts', 'cxone/deeper/still.ts'];
const TOP = [
  'service.ts',
  'outside.ts',
  'main.ts',
  'config/config.ts',
  'config/variables.ts',
  'commands/run.ts',
  'doctor/check.ts',
];
const COURIER = ['courier/client.ts', 'courier/rules.ts', 'courier/deeper/still.ts'];
const PLAY = ['simulator/app.ts', 'demo/run.ts', 'demo.ts'];
const SQLITE = ['store/sqlite/open.ts', 'store/sqlite/deeper/still.ts'];
const HTTP = ['http/app.ts', 'http/server.ts', 'http/deeper/still.ts'];
const LOW = ['execution/event.ts', 'execution/json.ts'];
const NOTIFICATION = ['notification/delivery.ts', 'notification/notification.ts'];
const PORTS = [
  'cxone/port.ts',
  'courier/port.ts',
  'store/port.ts',
  'store/outbox-port.ts',
  'store/insight-port.ts',
  'store/retention-port.ts',
];

interface Floor {
  readonly files: readonly string[];
  /** Packages by name, modules of ours by their path in src/. */
  readonly refused: readonly string[];
  readonly allowed: readonly string[];
}

const FLOORS: Readonly<Record<string, Floor>> = {
  'execution/ imports itself alone': {
    files: ['execution/event.ts'],
    refused: [
      ...PORTS,
      ...TOP,
      ...PLAY,
      ...SQLITE,
      ...HTTP,
      'world.ts',
      'log.ts',
      'submit.ts',
      'uuid',
      'hono',
      'node:fs',
      ...NOTIFICATION,
      ...TIMERS,
    ],
    allowed: [...LOW, 'node:util'],
  },
  'notification/ imports itself and execution/ alone': {
    files: NOTIFICATION,
    refused: [
      ...PORTS,
      ...TOP,
      ...PLAY,
      ...SQLITE,
      ...HTTP,
      ...COURIER,
      'world.ts',
      'log.ts',
      'notify.ts',
      'hono',
      'undici',
      'node:util',
      'node:crypto',
      ...TIMERS,
    ],
    allowed: [...LOW, ...NOTIFICATION],
  },
  'insight/ imports itself, execution/ and the ports of the store': {
    files: ['insight/advice.ts'],
    refused: [
      ...['cxone/port.ts', 'courier/port.ts', 'store/outbox-port.ts'],
      ...TOP,
      ...PLAY,
      ...SQLITE,
      ...HTTP,
      ...NOTIFICATION,
      ...TIMERS,
      'world.ts',
      'log.ts',
      'reconcile.ts',
      'hono',
      'node:fs',
    ],
    allowed: [...LOW, 'insight/survival.ts', 'store/port.ts', 'store/insight-port.ts'],
  },
  'the ports import execution/ and notification/ alone': {
    files: PORTS,
    refused: [
      'cxone/client.ts',
      'store/sqlite/open.ts',
      'world.ts',
      'log.ts',
      'submit.ts',
      'node:fs',
      'hono',
      'drizzle-orm',
      ...TOP,
    ],
    allowed: [...LOW, ...NOTIFICATION],
  },
  'world and log import execution/ alone': {
    files: ['world.ts', 'log.ts'],
    refused: [...PORTS, ...TOP, ...PLAY, ...SQLITE, ...HTTP, 'submit.ts', 'hono', 'ofetch', 'pino'],
    allowed: [...LOW, 'node:timers/promises', 'node:crypto', 'uuid'],
  },
  'verbs, loop, waiters and callback-url speak to the ports': {
    files: VERBS.map((verb) => `${verb}.ts`),
    refused: [
      ...PACKAGES_ABOVE_VERBS,
      ...OTEL,
      ...DRIZZLE,
      ...HTTP,
      ...SQLITE,
      ...CLIENT,
      ...COURIER,
      ...TOP,
      ...PLAY,
      ...TIMERS,
    ],
    allowed: [
      ...LOW,
      ...NOTIFICATION,
      ...PORTS,
      'world.ts',
      'log.ts',
      'loop.ts',
      'waiters.ts',
      'node:crypto',
      'canonicalize',
    ],
  },
  'http/ knows neither the database nor the client': {
    files: ['http/app.ts', 'http/deeper/still.ts'],
    refused: ['ofetch', 'undici', ...OTEL, ...DRIZZLE, ...SQLITE, ...CLIENT, ...COURIER, ...TOP, ...PLAY, ...TIMERS],
    allowed: [
      ...LOW,
      ...NOTIFICATION,
      ...PORTS,
      ...HTTP,
      'submit.ts',
      'waiters.ts',
      'world.ts',
      'log.ts',
      'hono',
      '@hono/node-server',
      'valibot',
      'node:http',
    ],
  },
  'store/ knows neither HTTP nor CXone': {
    files: ['store/sqlite/open.ts', 'store/memory.ts'],
    refused: [
      ...OTEL,
      'hono',
      'hono/http-exception',
      '@hono/node-server',
      'ofetch',
      'undici',
      ...HTTP,
      ...CLIENT,
      ...COURIER,
      'cxone/port.ts',
      'courier/port.ts',
      ...TOP,
      ...PLAY,
      ...TIMERS,
    ],
    allowed: [
      ...LOW,
      ...NOTIFICATION,
      ...SQLITE,
      'store/port.ts',
      'store/outbox-port.ts',
      'world.ts',
      'log.ts',
      'drizzle-orm',
      'better-sqlite3',
      'node:fs',
    ],
  },
  'cxone/ knows neither HTTP servers nor the store': {
    files: ['cxone/client.ts', 'cxone/deeper/still.ts'],
    refused: [
      ...OTEL,
      'hono',
      'hono/http-exception',
      '@hono/node-server',
      ...DRIZZLE,
      ...HTTP,
      ...SQLITE,
      ...COURIER,
      'store/port.ts',
      'courier/port.ts',
      ...TOP,
      ...PLAY,
      ...TIMERS,
    ],
    allowed: [
      ...LOW,
      ...CLIENT,
      'cxone/port.ts',
      'wire/failure.ts',
      'world.ts',
      'log.ts',
      'ofetch',
      'jsonpointer',
      'valibot',
    ],
  },
  'courier/ knows neither HTTP servers nor the store nor CXone': {
    files: ['courier/client.ts', 'courier/deeper/still.ts'],
    refused: [
      ...OTEL,
      'hono',
      'hono/http-exception',
      '@hono/node-server',
      'ofetch',
      ...DRIZZLE,
      ...HTTP,
      ...SQLITE,
      ...CLIENT,
      'cxone/port.ts',
      'store/port.ts',
      ...TOP,
      ...PLAY,
      ...TIMERS,
    ],
    allowed: [...LOW, ...COURIER, 'courier/port.ts', 'wire/failure.ts', 'world.ts', 'log.ts', 'undici', 'ipaddr.js'],
  },
  'wire/ imports itself alone': {
    files: ['wire/excerpt.ts'],
    refused: [
      ...LOW,
      ...PORTS,
      ...CLIENT,
      ...COURIER,
      ...HTTP,
      ...SQLITE,
      ...TOP,
      ...PLAY,
      'world.ts',
      'log.ts',
      'undici',
    ],
    allowed: ['wire/failure.ts'],
  },
  'client/ stands alone: it runs in a browser': {
    files: ['client/client.ts', 'client/live.ts'],
    refused: [
      ...LOW,
      ...PORTS,
      ...CLIENT,
      ...HTTP,
      ...SQLITE,
      ...TOP,
      ...PLAY,
      ...PACKAGES_ABOVE_VERBS,
      ...TIMERS,
      'node:crypto',
      'node:events',
      'uuid',
      'valibot',
      'world.ts',
      'log.ts',
      'submit.ts',
    ],
    allowed: ['client/types.ts', 'client/requests.ts'],
  },
  'simulator/ knows world and JSON of the service': {
    files: ['simulator/app.ts', 'simulator/fates/still.ts'],
    refused: [
      ...OTEL,
      ...PORTS,
      ...CLIENT,
      ...HTTP,
      ...SQLITE,
      ...TOP,
      ...DRIZZLE,
      'execution/event.ts',
      'log.ts',
      'submit.ts',
      'demo/run.ts',
    ],
    allowed: [
      'simulator/fate.ts',
      'simulator/fates/more.ts',
      'world.ts',
      'execution/json.ts',
      'hono',
      '@hono/node-server',
    ],
  },
  'the wiring and the configuration know neither simulator nor demo nor the command line': {
    files: ['service.ts', 'outside.ts', 'config/config.ts', 'config/env-file.ts'],
    refused: [...PLAY, ...OTEL, 'main.ts', 'commands/run.ts', 'doctor/check.ts'],
    allowed: [...PORTS, ...CLIENT, ...HTTP, ...SQLITE, 'submit.ts', 'config/config.ts', 'valibot', 'pino'],
  },
  'the demo and the commands know all but the command line': {
    files: ['demo/run.ts', 'demo.ts', 'commands/run.ts', 'doctor/check.ts'],
    refused: ['main.ts', ...OTEL],
    allowed: [...PORTS, 'service.ts', 'config/config.ts', 'simulator/app.ts', ...SQLITE],
  },
  'otel.ts alone knows OpenTelemetry, and of the service what stands below it': {
    files: ['tracing/otel.ts'],
    refused: [
      ...PORTS,
      ...TOP,
      ...PLAY,
      ...SQLITE,
      ...HTTP,
      ...LOW,
      'submit.ts',
      'hono',
      'ofetch',
      ...DRIZZLE,
      ...TIMERS,
    ],
    allowed: [...OTEL, 'log.ts', 'tracing/trace-context.ts', 'tracing/tracing.ts', 'world.ts'],
  },
  'the command line knows all': {
    files: ['main.ts'],
    refused: [],
    allowed: ['service.ts', 'config/config.ts', ...PLAY],
  },
};

/** Ways to the clock, the timers and the dice around the World; each is a statement. */
const DOORS = [
  'Date.now();',
  'const now = Date.now;',
  'new Date();',
  'Math.random();',
  'setTimeout(() => {}, 1);',
  'globalThis.setInterval(() => {}, 1);',
];
const NO_DOORS = ['new Date(0).toISOString();', 'Math.floor(1.5);', 'const options = { timeout: 1 };'];
const GUARDED = [
  'submit.ts',
  'execution/event.ts',
  'notification/delivery.ts',
  'http/app.ts',
  'store/sqlite/open.ts',
  'cxone/client.ts',
  'client/requests.ts',
  'service.ts',
  'outside.ts',
  'main.ts',
  'commands/run.ts',
  'doctor/check.ts',
];
const FREE = ['world.ts', 'client/connection.ts', 'simulator/app.ts', 'demo/run.ts', 'http/closing.ts'];

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'floors-'));
  for (const name of ['biome.json', '.biome', '.gitignore', 'package.json'])
    cpSync(join(HOME, name), join(scratch, name), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true }));

/** The lines, counted from 0, on which the linter reports the rule, by file. */
function lint(rule: string, files: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, number[]>> {
  rmSync(join(scratch, 'src'), { recursive: true, force: true });
  for (const [file, lines] of Object.entries(files)) {
    mkdirSync(join(scratch, 'src', dirname(file)), { recursive: true });
    writeFileSync(join(scratch, 'src', file), `${lines.join('\n')}\n`);
  }
  const reported = Object.fromEntries(Object.keys(files).map((file): [string, number[]] => [file, []]));
  for (const { category, location } of diagnosticsOf(scratch)) {
    if (category === rule) reported[relative('src', location.path)]?.push(location.start.line - 1);
  }
  for (const lines of Object.values(reported)) lines.sort((one, other) => one - other);
  return reported;
}

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

function diagnosticsOf(folder: string): readonly Diagnostic[] {
  const args = [BIOME, 'lint', '--reporter=json', '--max-diagnostics=none', 'src'];
  try {
    return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }))
      .diagnostics;
  } catch (error) {
    // The linter's status is 1 when it has something to say.
    if (error instanceof Error && 'stdout' in error && error.stdout !== '')
      return JSON.parse(String(error.stdout)).diagnostics;
    throw error;
  }
}

function specifier(from: string, target: string): string {
  if (!target.endsWith('.ts')) return target;
  const path = relative(dirname(from), target);
  return path.startsWith('.') ? path : `./${path}`;
}

describe('imports go down only', () => {
  test.for(Object.entries(FLOORS))('%s', ([, { files, refused, allowed }]) => {
    const targetsOf = (file: string) => [...refused, ...allowed].filter((target) => target !== file);
    const sources = files.map((file) => [
      file,
      targetsOf(file).map((target) => `import '${specifier(file, target)}';`),
    ]);
    const reported = lint('lint/style/noRestrictedImports', Object.fromEntries(sources));
    for (const file of files) {
      const stopped = reported[file]?.map((line) => targetsOf(file)[line]);
      expect({ file, stopped }).toEqual({
        file,
        stopped: targetsOf(file).filter((target) => refused.includes(target)),
      });
    }
  });

  test('a floor stops types, re-exports and dynamic imports as well', () => {
    const from = `from '../world.ts';`;
    const lines = [
      `import type { A } ${from}`,
      `import { type B } ${from}`,
      `export { c } ${from}`,
      `export * ${from}`,
      `await import('../world.ts');`,
    ];
    expect(lint('lint/style/noRestrictedImports', { 'execution/event.ts': lines })).toEqual({
      'execution/event.ts': [0, 1, 2, 3, 4],
    });
  });

  test('no file of the service stands outside the floors: none may import the command line', () => {
    const files = readdirSync(join(HOME, 'src'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && file !== 'main.ts',
    );
    const reported = lint(
      'lint/style/noRestrictedImports',
      Object.fromEntries(files.map((file) => [file, [`import '${specifier(file, 'main.ts')}';`]])),
    );
    expect(files.length).toBeGreaterThan(10);
    expect(reported).toEqual(Object.fromEntries(files.map((file) => [file, [0]])));
  });
});

test('the client uses nothing that only Node has', () => {
  const lines = ['Buffer.from([]);', 'process.exit();', 'setImmediate(() => {});', 'const now = performance.now();'];
  expect(lint('lint/style/noRestrictedGlobals', { 'client/client.ts': lines, 'http/app.ts': lines })).toEqual({
    'client/client.ts': [0, 1, 2],
    'http/app.ts': [],
  });
});

describe('the world is the only door to time and chance', () => {
  test('everything else is stopped at the clock, the timers and the dice', () => {
    const sources = Object.fromEntries(GUARDED.map((file) => [file, [...NO_DOORS, ...DOORS]]));
    const everyDoor = DOORS.map((_, index) => NO_DOORS.length + index);
    expect(lint('plugin', sources)).toEqual(Object.fromEntries(GUARDED.map((file) => [file, everyDoor])));
  });

  test('the world itself, the simulator, the demo and the HTTP server may use them', () => {
    const reported = lint('plugin', Object.fromEntries(FREE.map((file) => [file, DOORS])));
    expect(reported).toEqual(Object.fromEntries(FREE.map((file) => [file, []])));
  });
});
