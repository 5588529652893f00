// The profiles that come along, and those that build on them: chosen by name, honest about themselves, checked like any other.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadProfile, ProfileError, parseProfile } from '../../../src/cxone/profile/profile.ts';
import { SHIPPED_NAMES } from '../../../src/cxone/profile/shipped.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const DISCOVERY = 'cxone-discovery-client-credentials';

function problemsOf(profile: unknown): Record<string, string> {
  try {
    parseProfile(profile);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return Object.fromEntries(error.problems.map(({ pointer, detail }) => [pointer, detail]));
  }
  return {};
}

describe('what is shipped', () => {
  test('is every file of the folder, by its name', () => {
    const files = readdirSync(new URL('../../../src/cxone/profiles', import.meta.url));
    expect(SHIPPED_NAMES.map((name) => `${name}.json`).toSorted()).toEqual(files.toSorted());
  });

  test.each(SHIPPED_NAMES)('%s is valid, states its purpose, and that it was not verified against a tenant', (name) => {
    const profile = loadProfile(name);
    expect(profile.name).toBe(name);
    expect(profile.verified).toBe(false);
    expect(profile.note).toMatch(/\.$/);
  });

  test('is suggested for a misspelled name', () => {
    expect(() => loadProfile('cxone-password')).toThrow(/no such file.*the shipped profiles are cxone, cxone-disc/);
    expect(() => loadProfile('./cxone-password.json')).not.toThrow('shipped');
  });
});

describe('a profile that extends a shipped one', () => {
  test('says only what differs, and is whole', () => {
    const path = join(temporaryFolder(), 'mine.json');
    const words = { completed: ['FINE'], failed: ['BROKEN'], progress: ['BUSY'] };
    writeFileSync(path, JSON.stringify({ name: 'mine', extends: 'cxone-discovery-password', words }));
    const profile = loadProfile(path);
    const password = loadProfile('cxone-discovery-password');
    expect(profile).toEqual({ ...password, name: 'mine', words, note: undefined, verified: undefined });
    expect(profile.discovery).toEqual(loadProfile(DISCOVERY).discovery);
  });

  test.each(['cxone-nothing', './cxone.json', 5, null])('and names none is refused: %j', (parent) => {
    expect(problemsOf({ name: 'mine', extends: parent })).toEqual({
      '/extends': expect.stringContaining('must be the name of a shipped profile: cxone, '),
    });
  });

  test('is checked like any other: every mistake at its place', () => {
    const mistaken = {
      name: '',
      extends: 'cxone',
      token: { kind: 'static', url: 'x' },
      discovery: { token: null },
      more: 1,
    };
    expect(problemsOf(mistaken)).toEqual({
      '/name': 'must not be empty',
      '/discovery/api': 'is missing',
      '/token/url': expect.stringContaining('is unknown here; remove it, or use one of: kind, requiredScopes'),
      '/more': expect.stringContaining('is unknown here'),
    });
  });
});

describe('mistakes in how a token is got', () => {
  const { token, discovery } = loadProfile(DISCOVERY);
  const withToken = (changes: object) => ({ name: 'mine', extends: 'cxone', token: { ...token, ...changes } });
  const withDiscovery = (changes: object) => ({
    ...{ name: 'mine', extends: DISCOVERY },
    discovery: { ...discovery, ...changes },
  });

  test.each<[string, unknown, string, string]>([
    ['no URL and no discovery', withToken({ url: null }), '/token/url', 'must be a URL template, or /discovery/token'],
    [
      'a URL beside discovery',
      { ...withDiscovery({}), token: { ...token, url: '{issuer}/auth/token' } },
      '/token/url',
      'must be null when /discovery/token finds it',
    ],
    [
      'half an access key',
      withToken({ url: '{base}/t', fields: { accessKeyId: 'k' } }),
      '/token/fields/accessKeySecret',
      'other half',
    ],
    [
      'two credentials in one field',
      withToken({ url: '{base}/t', fields: { accessKeyId: 'client_id', clientId: 'client_id', accessKeySecret: 's' } }),
      '/token/fields/clientId',
      'is the field of accessKeyId',
    ],
    ['an unknown body', withToken({ url: '{base}/t', body: 'xml' }), '/token/body', 'must be one of "form", "json"'],
    ['an unknown kind', withToken({ url: '{base}/t', kind: 'magic' }), '/token/kind', 'must be "request" or "static"'],
    [
      'an issuer that is not a URL',
      { name: 'x', extends: 'cxone', issuer: 'cxone.example.com' },
      '/issuer',
      'must be an absolute URL',
    ],
    [
      'an issuer with credentials',
      { name: 'x', extends: 'cxone', issuer: 'https://a:b@c' },
      '/issuer',
      'must be an absolute URL',
    ],
    [
      'a placeholder that discovery does not know',
      withDiscovery({ api: { ...discovery?.api, url: '{base}/x' } }),
      '/discovery/api/url',
      'unknown placeholder {base}: {issuer}, {tenantId} may be used',
    ],
    [
      'an issuer in the midst of a URL',
      withDiscovery({ token: { url: 'https://a.example/{issuer}', tokenUrl: '/t' } }),
      '/discovery/token/url',
      'must begin with "{issuer}/" or "{base}/"',
    ],
  ])('%s', (_, profile, pointer, detail) => {
    expect(problemsOf(profile)).toEqual({ [pointer]: expect.stringContaining(detail) });
  });
});
