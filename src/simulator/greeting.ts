// The text that the simulator prints when it listens: a .env for a receiver in its dialect, and an execution to try.

import { type ApiName, dialectOf } from './dialects.ts';
import { type SimulatorOptions, withDefaults } from './options.ts';

export function greeting(url: string, given: Partial<SimulatorOptions>): string {
  const options = withDefaults(given);
  return `CXone simulator on ${url}  (Ctrl-C stops it, --help lists its dials, ${url}/simulator its control endpoints)

A .env for a receiver that runs against it:

${variables(url, options)
  .map((line) => `  ${line}\n`)
  .join('')}  PUBLIC_URL=http://127.0.0.1:8080
  CALLBACK_SECRET=only-for-local-use-0123456789abcdef
  APP_KEYS=demo:only-for-local-use
  OPERATOR_KEYS=me:also-only-for-local-use

An execution with a fate of your choice:

  curl -H 'Authorization: Bearer only-for-local-use' -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\
    -d '${SAMPLES[dialectOf(options.dialect).api]}' \\
    http://127.0.0.1:8080/v1/executions

`;
}

/** The variables that the profile of the dialect needs. */
function variables(url: string, options: SimulatorOptions): string[] {
  const base = `CXONE_BASE_URL=${url}`;
  const issuer = `CXONE_ISSUER=${url}`;
  const client = [`CXONE_CLIENT_ID=${options.clientId}`, `CXONE_CLIENT_SECRET=${options.clientSecret}`];
  const key = [`CXONE_ACCESS_KEY_ID=${options.accessKeyId}`, `CXONE_ACCESS_KEY_SECRET=${options.accessKeySecret}`];
  const { token } = dialectOf(options.dialect);
  const profile = options.dialect === 'cxone' ? [] : [`CXONE_PROFILE=${options.dialect}`];
  switch (token) {
    case 'client':
      return [...profile, base, ...client];
    case 'discovered-client':
      return [...profile, issuer, ...client];
    case 'discovered-access-key':
      return [...profile, issuer, ...client, ...key];
    case 'access-key':
      return [...profile, base, ...key];
    case 'static':
      return [...profile, base, `CXONE_TOKEN=${options.staticToken}`];
    default:
      return token satisfies never;
  }
}

const SAMPLES: { readonly [Name in ApiName]: string } = {
  'data-actions': '{"actionId":"any","graceSeconds":1,"inputs":{"simulate":{"fate":"lost-callback"}}}',
  'script-start':
    '{"actionId":"4711","inputs":{"scriptPath":"Any","parameters":["one","two"],"simulate":{"fate":"callback-failed"}}}',
  jobs: '{"actionId":"any","inputs":{"version":"1","startDate":"2026-11-01","endDate":"2026-11-02"}}',
};
