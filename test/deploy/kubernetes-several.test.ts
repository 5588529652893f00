// The Kubernetes manifest of several receivers agrees with the service: its probes are routes, its variables are read, and an update or
// a drain of nodes takes one pod at a time.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { DRAIN_MS } from '../../src/receiver.ts';

const text = readFileSync(new URL('../../deploy/kubernetes/several-receivers.yaml', import.meta.url), 'utf8');
const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true });
// biome-ignore lint/suspicious/noExplicitAny: a manifest has no type here; what is asserted on is named
const manifests: any[] = documents.map((document) => document.toJS());
const ofKind = (kind: string) => manifests.find((manifest) => manifest.kind === kind);
const { spec } = ofKind('Deployment');
const pod = spec.template.spec;
const [receiver] = pod.containers;
const env: Readonly<Record<string, string>> = Object.fromEntries(
  receiver.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
);

test('the manifest is YAML without duplicate keys', () => {
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'PodDisruptionBudget', 'Service', 'Ingress']);
});

describe('several pods', () => {
  test('are replaced one after the other, each by one that is ready', () => {
    expect(spec.replicas).toBe(3);
    expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  });

  test('have a budget for disruptions, a service and an ingress that select them', () => {
    const { labels } = spec.template.metadata;
    expect(ofKind('PodDisruptionBudget').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: labels } });
    expect(ofKind('Service').spec.selector).toEqual(labels);
    expect(spec.selector.matchLabels).toEqual(labels);
    const [{ labelSelector }] = pod.topologySpreadConstraints;
    expect(labelSelector.matchLabels).toEqual(labels);
  });

  test('have time to drain after the load balancer has stopped sending requests', () => {
    const [, seconds] = receiver.lifecycle.preStop.exec.command;
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(Number(seconds) * 1000 + DRAIN_MS);
  });

  test('run without privileges, and may write only temporary files', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(receiver.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const writable = receiver.volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => readOnly !== true);
    expect(writable.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(['/tmp']);
  });

  test('are probed on routes of the receiver', () => {
    const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => receiver[name].httpGet.path);
    expect(paths).toEqual(['/livez', '/livez', '/readyz']);
  });
});

test('the variables are a complete configuration on PostgreSQL, together with the secrets that are files', () => {
  const known = VARIABLES.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
  expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
  const files = Object.entries(env).filter(([name]) => name.endsWith('_FILE'));
  const { mountPath } = receiver.volumeMounts.find(({ name }: { name: string }) => name === 'secrets');
  for (const [, path] of files) expect(text).toContain(`--from-file=${path.slice(mountPath.length + 1)}=`);
  const given = {
    CXONE_CLIENT_SECRET: 'client-secret',
    CALLBACK_SECRET: 'callback-secret-of-thirty-two-characters',
    APP_KEYS: 'orders:orders-key-0123456789',
    OPERATOR_KEYS: 'alice:alice-key-0123456789',
    DATABASE_URL: 'postgres://receiver:word@db-1,db-2/receiver?sslmode=verify-full',
  };
  expect(files.map(([name]) => name.replace('_FILE', '')).toSorted()).toEqual(Object.keys(given).toSorted());
  const others = Object.entries(env).filter(([name]) => !name.endsWith('_FILE'));
  const config = readConfig({ ...Object.fromEntries(others), ...given });
  expect([config.host, config.port, config.databaseUrl]).toEqual(['0.0.0.0', 8080, given.DATABASE_URL]);
});
