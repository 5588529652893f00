// The share of outcomes for which no callback came, over the last hour, minute by minute.

const MINUTE_MS = 60_000;
const MINUTES = 60;

interface Minute {
  readonly number: number;
  callbacks: number;
  missed: number;
}

export interface LastHour {
  add(byCallback: boolean): void;
  /** NaN when there was no outcome. */
  ratio(): number;
}

export function createLastHour(now: () => number): LastHour {
  const ring = new Array<Minute | undefined>(MINUTES);
  const numberNow = () => Math.floor(now() / MINUTE_MS);
  return {
    add: (byCallback) => {
      const number = numberNow();
      const held = ring[number % MINUTES];
      const minute = held?.number === number ? held : { number, callbacks: 0, missed: 0 };
      if (byCallback) minute.callbacks += 1;
      else minute.missed += 1;
      ring[number % MINUTES] = minute;
    },
    ratio: () => {
      const newest = numberNow();
      let [all, missed] = [0, 0];
      for (const minute of ring) {
        if (minute === undefined || minute.number > newest || minute.number <= newest - MINUTES) continue;
        all += minute.callbacks + minute.missed;
        missed += minute.missed;
      }
      return all === 0 ? Number.NaN : missed / all;
    },
  };
}
