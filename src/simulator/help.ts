// The fates, inputs and control endpoints of the simulator, for the help of its command.

import { CONTROL_HELP } from './control-routes.ts';
import { catalogue } from './fates/catalogue.ts';

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
