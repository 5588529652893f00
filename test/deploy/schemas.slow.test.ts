// The Kubernetes manifests and the Grafana dashboard conform to the types that are generated from the schemas of these projects.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, 'deploy', file), 'utf8');

/** Checks TypeScript that imports packages of this project; returns the errors. */
function errorsOf(source: string): string {
  const cache = join(ROOT, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'schemas-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'check.ts');
  writeFileSync(file, source);
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--target', 'esnext', '--types', ''];
  const modules = ['--module', 'esnext', '--moduleResolution', 'bundler'];
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...options, ...modules, file], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

const constant = (name: string, type: string, value: unknown) =>
  `export const ${name}: ${type} = ${JSON.stringify(value, null, 1)};\n`;

test.for(['receiver.yaml', 'several-receivers.yaml'])('the objects of %s have the fields of their kinds', (file) => {
  const modules: Readonly<Record<string, string>> = {
    v1: 'core/v1',
    'apps/v1': 'apps/v1',
    'policy/v1': 'policy/v1',
    'networking.k8s.io/v1': 'networking/v1',
  };
  const objects = parseAllDocuments(read(`kubernetes/${file}`)).map((document) => document.toJS());
  expect(objects.length).toBeGreaterThan(3);
  const sourceOf = (all: typeof objects) =>
    all
      .map((object, i) =>
        constant(`object${i}`, `import('kubernetes-types/${modules[object.apiVersion]}').${object.kind}`, object),
      )
      .join('');
  expect(errorsOf(sourceOf(objects))).toBe('');
  const misspelled = JSON.parse(
    JSON.stringify(objects).replace('"terminationGracePeriodSeconds"', '"gracePeriodSeconds"'),
  );
  expect(errorsOf(sourceOf(misspelled))).toMatch(/TS2353.*"gracePeriodSeconds"/);
});

/** JSON has the values of the enumerations, not their names. */
const PLAIN = `
import type { Dashboard, GraphFieldConfig, Panel, RowPanel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as SeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type OptionsOf = { readonly stat: Plain<Partial<StatOptions>>; readonly timeseries: PlainLegend };
type PlainLegend = Plain<Omit<SeriesOptions, 'legend'>> & { legend: Partial<Plain<SeriesOptions['legend']>> };
`;

test('the dashboard and the options of its panels have the fields that Grafana reads', () => {
  const dashboard = JSON.parse(read('grafana/dashboard.json'));
  const sourceOf = ({ panels, ...others }: typeof dashboard) => {
    const parts = [PLAIN, constant('dashboard', `Plain<Omit<Dashboard, 'panels'>>`, others)];
    for (const { id, type, options, ...panel } of panels) {
      if (type === 'row') parts.push(constant(`row${id}`, 'Plain<RowPanel>', { id, type, ...panel }));
      else {
        parts.push(constant(`panel${id}`, 'Plain<Panel>', { id, type, ...panel }));
        parts.push(constant(`options${id}`, `OptionsOf['${type}']`, options));
        parts.push(constant(`custom${id}`, 'Plain<GraphFieldConfig>', panel.fieldConfig.defaults.custom ?? {}));
      }
    }
    return parts.join('');
  };
  expect(errorsOf(sourceOf(dashboard))).toBe('');
  const misspelled = JSON.parse(JSON.stringify(dashboard).replace('"colorMode":"value"', '"colorMode":"values"'));
  expect(errorsOf(sourceOf(misspelled))).toMatch(/Type .*"values/);
});
