// The Kubernetes manifest agrees with the service: its probes are routes, its variables are read, its grace period is long enough.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/config/config.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { DRAIN_MS } from '../../src/receiver.ts';
import { setStage } from '../stories/stage.ts';

const text = readFileSync(new URL('../../deploy/kubernetes/receiver.yaml', import.meta.url), 'utf8');
const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true });
// biome-ignore lint/suspicious/noExplicitAny: a manifest has no type here; what is asserted on is named
const manifests: any[] = documents.map((document) => document.toJS());
const ofKind = (kind: string) => manifests.find((manifest) => manifest.kind === kind);
const deployment = ofKind('Deployment');
const pod = deployment.spec.template.spec;
const [receiver] = pod.containers;
const env: Readonly<Record<string, string>> = Object.fromEntries(
  receiver.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
);
const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => receiver[name]);

test('the manifest is YAML without duplicate keys', () => {
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  expect(manifests.map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Deployment', 'Service', 'Ingress']);
});

describe('the deployment', () => {
  test('runs one pod at a time, with exclusive use of the volume', () => {
    expect(deployment.spec.replicas).toBe(1);
    expect(deployment.spec.strategy).toEqual({ type: 'Recreate' });
    expect(ofKind('PersistentVolumeClaim').spec.accessModes).toEqual(['ReadWriteOncePod']);
  });

  test('has a grace period longer than draining takes', () => {
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(DRAIN_MS);
  });
});

describe('the pod', () => {
  test('runs without privileges, and may write only its data', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(receiver.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    const writable = receiver.volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => readOnly !== true);
    expect(writable.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(['/data', '/tmp']);
    expect(env['DATABASE_PATH']).toMatch(/^\/data\//);
  });

  test('every mount has its volume, and every volume is mounted', () => {
    const names = (items: { name: string }[]) => items.map(({ name }) => name).toSorted();
    expect(names(receiver.volumeMounts)).toEqual(names(pod.volumes));
  });
});

describe('its variables', () => {
  test('are read by the receiver, and those of other services are kept out', () => {
    const known = VARIABLES.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
    expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
    expect(pod.enableServiceLinks).toBe(false);
  });

  test('contain no secrets: secrets are files that the manifest mounts', () => {
    const secrets = VARIABLES.filter(({ secret }) => secret).map(({ name }) => name);
    expect(Object.keys(env).filter((name) => secrets.includes(name))).toEqual([]);
    const files = Object.entries(env).filter(([name]) => name.endsWith('_FILE'));
    const { mountPath } = receiver.volumeMounts.find(({ name }: { name: string }) => name === 'secrets');
    expect(files.filter(([, path]) => !path.startsWith(`${mountPath}/`))).toEqual([]);
    // The command in its first lines makes a file for each.
    for (const [, path] of files) expect(text).toContain(`--from-file=${path.slice(mountPath.length + 1)}=`);
  });

  test('are a complete configuration, together with its secrets', () => {
    const given = {
      CXONE_CLIENT_SECRET: 'client-secret',
      CALLBACK_SECRET: 'callback-secret-of-thirty-two-characters',
      APP_KEYS: 'orders:orders-key-0123456789',
      OPERATOR_KEYS: 'alice:alice-key-0123456789',
    };
    const others = Object.entries(env).filter(([name]) => !name.endsWith('_FILE'));
    const config = readConfig({ ...Object.fromEntries(others), ...given });
    expect([config.host, config.port]).toEqual(['0.0.0.0', receiver.ports[0].containerPort]);
  });
});

test('its probes are routes that answer 200 on the port of the service', async () => {
  const stage = await setStage();
  expect(new Set(probes.map(({ httpGet }) => httpGet.path))).toEqual(new Set(['/livez', '/readyz']));
  for (const { httpGet } of probes) {
    expect((await stage.request('GET', httpGet.path)).status).toBe(200);
    expect(httpGet.port).toBe(receiver.ports[0].name);
  }
  expect(receiver.livenessProbe.httpGet.path).toBe('/livez');
  const [port] = ofKind('Service').spec.ports;
  expect(port.targetPort).toBe(receiver.ports[0].name);
  expect(ofKind('Service').spec.selector).toEqual(deployment.spec.template.metadata.labels);
});
