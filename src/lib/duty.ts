// Work that a process does only during its terms: it begins with each term, and ends before the next one begins.

export interface Duty {
  /** Begins the work of a term, after that of an earlier one has ended; null: ends the work. */
  assign(term: number | null): void;
  /** Ends the work for good. Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface DutyOptions<Work> {
  /** Must not reject. */
  readonly begin: () => Work | Promise<Work>;
  /** Resolves when the work has ended. Must not reject. */
  readonly end: (work: Work) => Promise<void>;
}

export function createDuty<Work>({ begin, end }: DutyOptions<Work>): Duty {
  let assigned: number | null = null;
  let underWay: { readonly term: number; readonly work: Work } | null = null;
  let following: Promise<void> | null = null;
  let isStopped = false;

  async function follow(): Promise<void> {
    while ((underWay?.term ?? null) !== assigned) {
      if (underWay === null) {
        underWay = { term: assigned as number, work: await begin() };
      } else {
        const { work } = underWay;
        underWay = null;
        await end(work);
      }
    }
    following = null;
  }

  function assign(term: number | null): void {
    if (isStopped) return;
    assigned = term;
    following ??= Promise.resolve().then(follow);
  }

  return {
    assign,
    stop: async () => {
      assign(null);
      isStopped = true;
      await following;
    },
  };
}
