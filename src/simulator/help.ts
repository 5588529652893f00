// What the simulator's command line says: its help, and its first words once it listens.

import { CONTROL_HELP } from './control-routes.ts';
import { DIALECT_NAMES } from './dialects.ts';
import { catalogue } from './fates/catalogue.ts';

export const DEFAULT_PORT = 8090;

export const HELP = `Usage: npm run simulator -- [options]

A CXone to run against: token, execute and poll endpoints, and callbacks. For tests; it has no lock, keep it on loopback.

  --port N             where it listens (${DEFAULT_PORT}; 0: any free port)
  --host HOST          (127.0.0.1)
  --dialect NAME       how it wants to be spoken to: the name of a shipped profile (cxone), of
                       ${DIALECT_NAMES.slice(1)
                         .join(', ')
                         .replace(/(.{50,72}), /g, '$1,\n                       ')}
  --seed TEXT          the same seed makes the same choices for the same correlation ids
  --fate NAME=SHARE    share of executions, 0 to 1, that meet this fate unless their inputs choose one; repeatable
  --latency MS         how long an answer takes (20)           --jitter MS      and up to so much more (30)
  --run MS             how long an action runs (250)           --run-jitter MS  and up to so much more (250)
  --rate-limit N       requests a second, then 429 (100; 0: none)
  --retry-after STYLE  of those 429: seconds or date (seconds)
  --token-seconds N    life of an access token (3600)
  --scope TEXT         scopes that a token has ("dx:actions:execute dx:actions:read")
  --client-id TEXT     (simulator)                             --client-secret TEXT (simulator-secret)
  --redeliver N        how often a callback is sent again that got no 2xx (0)
  --replay FILE        answers in the shapes of a recording (CXONE_RECORD_DIR) instead: each submission is played after the
                       next execution in it; other dials have no effect
  --quiet              no line per request and callback
  --help

One execution's fate is chosen by its inputs:

  {"actionId": "any", "inputs": {"simulate": "lost-callback"}}
  {"actionId": "any", "inputs": {"simulate": {"fate": "lost-callback", "runMs": 3000}}}

Each part of a fate may be dialled beside it or without it (times in milliseconds; of a list of answers the last repeats):

  latencyMs, runMs, outcome (completed, failed, never), word, result, error, resultBytes, idType (text, integer)
  submits    [{"answer": 503, "retryAfterSeconds": 1}, {"answer": 200}]     answer: a status, "reset" or "hang"
             runs, body (execution, outcome, bare, html), retryAfterAsDate, afterCallbacks
  callbacks  [{"afterMs": 500}]     afterMs: from the end of the run; says (outcome, progress, another outcome),
             body (json, form, garbled, oversized), forged, names (itself, another, none), copies,
             held (until POST /simulator/executions/{correlationId}/release)
  polls      [500, "hang", "truth"] a status, "reset", "hang", "running", or "truth": how it stands

Fates:

${catalogue.map(({ fate, about }) => `  ${fate.padEnd(26)} ${about}`).join('\n')}

Control, while it runs:

${CONTROL_HELP.replaceAll(/^/gm, '  ')}
`;

export function replayGreeting(url: string, executions: number): string {
  return `Replays ${executions} recorded execution${executions === 1 ? '' : 's'} on ${url}  (Ctrl-C stops it)

Run a receiver against it with CXONE_BASE_URL=${url} and the profile that is to fit; any credentials will do.

`;
}
