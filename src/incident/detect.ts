// Finds what is wrong from the signals of a moment. Pure: the same signals give the same findings.

import { callbackFindings } from './detect-callbacks.ts';
import { machineFindings } from './detect-machine.ts';
import { outcomeFindings } from './detect-outcomes.ts';
import { upstreamFindings } from './detect-upstream.ts';
import type { Finding, OpenIncidents } from './finding.ts';
import type { Signals } from './signals.ts';

export function detect(signals: Signals, open: OpenIncidents): Finding[] {
  const upstream = upstreamFindings(signals, open);
  return [
    ...upstream,
    // A queue that waits for CXone is a consequence of a cause that has an incident.
    ...outcomeFindings(signals, open, upstream.length > 0),
    ...callbackFindings(signals, open),
    ...machineFindings(signals, open),
  ];
}
