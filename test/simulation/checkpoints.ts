// The checkpoints of a simulated receiver: passes in this process, each at an arbitrary moment between other work.

import type { World } from '../../src/lib/world.ts';
import type { CheckpointOptions, CheckpointPhase } from '../../src/store/sqlite/file/checkpoint/checkpointer.ts';
import { openPassConnection } from '../../src/store/sqlite/file/checkpoint/passes.ts';

/** So few that a history has several rounds. */
const DUE_FRAMES = 10;

/** Turns of the event loop before a pass. */
const MAX_TURNS = 4;
/** The longest time until the report of a pass arrives: commits happen meanwhile. */
const MAX_REPORT_MS = 200;

interface Surroundings {
  /** Also of a receiver that has died, whose pass ends all the same. */
  readonly sleep: World['sleep'];
  readonly random: () => number;
  /** Reports activity to the clock of the simulation. */
  readonly touch: () => void;
  readonly observe: (phase: CheckpointPhase) => void;
}

export function simulatedCheckpoints({ sleep, random, touch, observe }: Surroundings): CheckpointOptions {
  async function someTurns(): Promise<void> {
    for (let left = Math.floor(random() * (MAX_TURNS + 1)); left > 0; left -= 1) {
      touch();
      await new Promise(setImmediate);
    }
  }

  return {
    dueFrames: DUE_FRAMES,
    observe,
    start: (file) => {
      const connection = openPassConnection(file);
      return {
        run: async () => {
          await someTurns();
          const report = connection.pass();
          await sleep(Math.round(random() * MAX_REPORT_MS));
          return report;
        },
        ended: new Promise(() => {}),
        close: async () => connection.close(),
      };
    },
  };
}
