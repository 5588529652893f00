// The texts of the simulator: the help of its command, and what it prints when it listens.

import { CONTROL_HELP } from './control-routes.ts';
import { type ApiName, dialectOf } from './dialects.ts';
import { catalogue } from './fates/catalogue.ts';
import { type SimulatorOptions, withDefaults } from './options.ts';

export const DEFAULT_PORT = 8090;

export const SIMULATOR_HELP = `The inputs of an execution choose its fate:

  {"actionId": "any", "inputs": {"simulate": "lost-callback"}}
  {"actionId": "any", "inputs": {"simulate": {"fate": "lost-callback", "runMs": 3000}}}

Each part of a fate may be set, with or without a fate (times in milliseconds; the last entry of a list of responses repeats):

  latencyMs, runMs, outcome (completed, failed, never), word, result, error, resultBytes, idType (text, integer, uuid), idPrefix,
  sticky (true: polls need the cookie of the submit response)
  submits    [{"answer": 503, "retryAfterSeconds": 1}, {"answer": 200}]     answer: a status, "reset" or "hang"
             runs, body (execution, outcome, bare, html), retryAfterAsDate, afterCallbacks,
             headers ({"x-ratelimit-remaining": "0", …}), cut (true: the response ends without its last chunk)
  callbacks  [{"afterMs": 500}]     afterMs: from the end of the run; says (outcome, progress, another outcome),
             body (json, form, garbled, oversized), forged, names (itself, another, none), copies,
             held (until POST /simulator/executions/{correlationId}/release)
  polls      [500, "hang", "truth"] a status, "reset", "hang", "running", or "truth": how it stands; or
             {"answer": …, retryAfterSeconds, headers, cut, names (itself, another)}

Fates:

${catalogue.map(({ fate, about }) => `  ${fate.padEnd(26)} ${about}`).join('\n')}

Control, while it runs:

${CONTROL_HELP.trimEnd().replaceAll(/^/gm, '  ')}`;

export function replayGreeting(url: string, executions: number): string {
  return `Replays ${executions} recorded execution${executions === 1 ? '' : 's'} on ${url}  (Ctrl-C stops it)

Run a receiver against it with CXONE_BASE_URL=${url} and the matching profile; any credentials are accepted.
${url}/readyz responds 200 while it listens. A submission gets the recorded responses of its action, in order; an action
that is not in the recording gets those of all actions.

`;
}

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
