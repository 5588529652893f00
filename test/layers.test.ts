// The layers of src/: imports only go down, ports are the only way to the outside, and each package has its layers.

import { matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { circles, type Import, importGraph, importsOf } from './support/import-graph.ts';

const PORTS = ['store/*', 'cxone/port.ts', 'webhooks/port.ts'];
const PURE = ['notification', 'incident', 'callbacks', 'execution', 'lib'];

/** The imports that each layer may have besides itself, from top to bottom: folders, files or patterns. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli', 'lib/compiled-modules.ts'],
  cli: [
    'demo',
    'client',
    'simulator',
    'receiver.ts',
    'config',
    'http/server',
    'usecases',
    'workers',
    'stats',
    'observability',
    'store',
    'cxone',
    'webhooks',
    ...PURE,
  ],
  demo: ['client', 'simulator', 'receiver.ts', 'config', 'http/server', 'stats/statistics.ts', ...PURE],
  'receiver.ts': [
    'parts.ts',
    'config',
    'http',
    'usecases',
    'workers',
    'observability',
    'store/*',
    'store/open',
    'callbacks',
    'lib',
  ],
  'parts.ts': [
    'resources.ts',
    'config',
    'http/server',
    'usecases',
    'workers',
    'stats',
    'observability',
    'cxone/profile',
    'callbacks',
    'incident',
    'lib',
  ],
  'resources.ts': [
    'config',
    'usecases/{conceal-callback-tokens,listeners-after-responses,prepared-comparisons}.ts',
    'store',
    'cxone',
    'webhooks',
    'callbacks',
    'lib',
  ],
  config: ['http/server', 'usecases', 'observability', 'cxone', 'webhooks', 'callbacks', 'lib'],
  http: ['usecases', 'stats', 'observability', ...PORTS, ...PURE],
  workers: ['usecases/poll-once.ts', 'observability', ...PORTS, ...PURE],
  usecases: ['observability', ...PORTS, ...PURE],
  stats: ['store/*', ...PURE],
  observability: [...PORTS, ...PURE],
  store: ['notification', 'incident', 'execution', 'lib'],
  cxone: ['callbacks', 'execution', 'lib'],
  webhooks: ['lib'],
  notification: ['execution', 'lib/backoff.ts', 'lib/time.ts'],
  incident: ['lib/time.ts'],
  callbacks: ['lib'],
  execution: ['lib/backoff.ts', 'lib/time.ts'],
  lib: [],
  client: [],
  simulator: [
    ...['execution/json.ts', 'lib/escape-pattern.ts', 'lib/bounded.ts', 'lib/time.ts', 'lib/token-bucket.ts'],
    ...['lib/world.ts', 'cxone/recording'],
  ],
};

/** The layers that may import a package. A package that is not listed may be imported by any layer that is not pure. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '{hono,@hono}{,/**}': ['http', 'simulator'],
  'node:{http,https,http2}': ['http/server', 'simulator'],
  '{better-sqlite3,drizzle-orm}{,/**}': ['store/sqlite', 'cli'],
  ofetch: ['cxone', 'demo'],
  undici: [
    ...['lib/proxy/connect.ts', 'webhooks', 'demo/client.ts', 'cli/receiver.ts'],
    ...['cxone/connections.ts', 'cxone/cookies.ts', 'cxone/plain-fetch.ts', 'cxone/transport.ts'],
  ],
  'jose{,/**}': ['callbacks', 'cxone/auth'],
  'prom-client': ['observability/metrics'],
  '@opentelemetry/**': ['observability/tracing/otel.ts'],
  'node:timers{,/**}': ['lib/world.ts'],
  'node:child_process': ['demo/cluster'],
};

/** Layers that use nothing from outside: their functions depend on the arguments alone. */
const PURE_LAYERS: Readonly<Record<string, readonly string[]>> = {
  execution: ['node:util'],
  notification: [],
  incident: [],
  client: [],
};

const isIn = (place: string, file: string) =>
  file === place || file.startsWith(`${place}/`) || matchesGlob(file, place);

const layerOf = (file: string) => Object.keys(LAYERS).find((layer) => isIn(layer, file));

/** Returns the fault of an import, or null. */
function wrong({ from, to, isPackage }: Import): string | null {
  const layer = layerOf(from);
  if (layer === undefined) return `${from} is in no layer`;
  if (isPackage) {
    const places = Object.entries(PACKAGES).find(([name]) => matchesGlob(to, name))?.[1];
    const isAllowed = places?.some((place) => isIn(place, from)) ?? true;
    const isPure = PURE_LAYERS[layer]?.includes(to) ?? true;
    return isAllowed && isPure ? null : `${from} may not import ${to}`;
  }
  const isAllowed = isIn(layer, to) || LAYERS[layer]?.some((place) => isIn(place, to));
  return isAllowed ? null : `${from} may not import ${to}`;
}

const ROOT = fileURLToPath(new URL('../src', import.meta.url));
const IMPORTS = importGraph(ROOT);

test('each import goes down to a layer that its own layer may use', () => {
  expect(IMPORTS.length).toBeGreaterThan(1000);
  expect(IMPORTS.map(wrong).filter((problem) => problem !== null)).toEqual([]);
});

test('the layers are in order: none may import a layer above it, except that no order binds the client and the simulator', () => {
  const order = Object.keys(LAYERS);
  const upward = Object.entries(LAYERS).flatMap(([layer, places]) =>
    places
      .filter((place) => !/^(client|simulator)$/.test(place) && layer !== 'simulator')
      .filter((place) => order.findIndex((other) => isIn(other, place.replace('*', 'x'))) <= order.indexOf(layer))
      .map((place) => `${layer} → ${place}`),
  );
  expect(upward).toEqual([]);
});

test('no files import one another in a circle, not even for a type', () => {
  expect(circles(IMPORTS)).toEqual([]);
});

test.for([
  ['lib/log.ts', "import type { Store } from '../store/port.ts';"],
  ['store/sqlite/store.ts', "import { createCxone } from '../../cxone/client.ts';"],
  ['cxone/client.ts', "export type { Store } from '../store/port.ts';"],
  ['webhooks/sender.ts', "export * from '../cxone/port.ts';"],
  ['http/app.ts', "import { openDatabase } from '../store/sqlite/file/open.ts';"],
  ['http/app.ts', "const cxone = await import('../cxone/client.ts');"],
  ['usecases/submit.ts', "type Config = import('../config/config.ts').Config;"],
  ['usecases/submit.ts', "import { json } from '../http/response/json.ts';"],
  ['workers/sweeper.ts', "import { submit } from '../usecases/submit.ts';"],
  ['stats/statistics.ts', "import { log } from '../observability/log-output.ts';"],
  ['config/config.ts', "import { startReceiver } from '../receiver.ts';"],
  ['receiver.ts', "import { run } from './cli/run.ts';"],
  ['execution/transition.ts', "import { iso } from '../lib/world.ts';"],
  ['client/client.ts', "import type { Execution } from '../execution/execution.ts';"],
  ['simulator/app.ts', "import { parseCallback } from '../cxone/parse-callback-body.ts';"],
  ['http/app.ts', "import { createSimulator } from '../simulator/app.ts';"],
  ['usecases/submit.ts', "import { Hono } from 'hono';"],
  ['http/app.ts', "import Database from 'better-sqlite3';"],
  ['workers/sweeper.ts', "import { drizzle } from 'drizzle-orm/better-sqlite3';"],
  ['webhooks/sender.ts', "import { ofetch } from 'ofetch';"],
  ['cxone/client.ts', "import { Agent } from 'undici';"],
  ['observability/tracing/spans.ts', "import type { Span } from '@opentelemetry/api';"],
  ['lib/loop.ts', "import { setTimeout } from 'node:timers/promises';"],
  ['execution/transition.ts', "import * as v from 'valibot';"],
  ['client/client.ts', "import { randomUUID } from 'node:crypto';"],
] as const)('the rules refuse, in %s: %s', ([file, source]) => {
  expect(importsOf(file, source).map(wrong)).toEqual([expect.stringContaining('may not import')]);
});

test('a new folder needs a layer', () => {
  expect(wrong({ from: 'helpers/x.ts', to: 'lib/log.ts', isPackage: false })).toBe('helpers/x.ts is in no layer');
});

test('a circle is found through any number of files, also one of types alone', () => {
  const files = {
    'a.ts': "import './b.ts';",
    'b.ts': "export type { C } from './c.ts';",
    'c.ts': "import type { A } from './a.ts'; import './d.ts';",
    'd.ts': '',
  };
  const imports = Object.entries(files).flatMap(([file, source]) => importsOf(file, source));
  expect(circles(imports)).toEqual([['a.ts', 'b.ts', 'c.ts']]);
});
