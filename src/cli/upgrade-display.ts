// Shows the upgrade of a database on the terminal, in one line that is overwritten.

import type { UpgradeDisplay, UpgradeStep } from '../store/sqlite/file/data-migration/report.ts';
import type { CommandContext } from './context.ts';
import { showProgress } from './print.ts';

/** Short, so that millions fit into 80 columns. */
const STEPS: Readonly<Record<UpgradeStep, readonly [what: string, units: string]>> = {
  'verify the copy': ['upgrade: copy', 'entries'],
  'move rows': ['upgrade: rows', 'rows'],
  verify: ['upgrade: check', 'entries'],
  'return space': ['upgrade: space', 'pages'],
};

/** @param flushLog writes the lines of the log that wait for a turn of the event loop, which a long step does not give. */
export function showUpgrade(
  context: Pick<CommandContext, 'terminal' | 'writeError'>,
  flushLog: () => void = () => {},
): UpgradeDisplay {
  let shown: { readonly step: UpgradeStep; readonly line: ReturnType<typeof showProgress> } | null = null;
  function clear(): void {
    shown?.line.done();
    flushLog();
  }
  return {
    at: (step, { done, total }) => {
      flushLog();
      // Elsewhere the log has the progress.
      if (!context.terminal.err) return;
      if (shown?.step !== step) {
        clear();
        const [what, units] = STEPS[step];
        shown = { step, line: showProgress(what, context, units) };
      }
      shown.line.at(done, total);
    },
    clear,
  };
}
