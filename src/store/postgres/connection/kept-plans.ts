// Names under which a connection prepares its statements, so that the server parses and plans each of them rarely.

/** Returns the name of a statement for its next use. */
export type KeptPlans = (statement: string) => string;

/** Returns what a query needs besides its text, so that its plan is kept: nothing without a name. */
export function keptUnder(name: string | undefined, keptPlan: KeptPlans): { readonly name?: string } {
  return name === undefined ? {} : { name: keptPlan(name) };
}

/**
 * For one connection. A plan is made again each time that its uses have doubled: the first one may have been made for empty tables, for which
 * any index is as good as the right one.
 */
export function createKeptPlans(): KeptPlans {
  const uses = new Map<string, number>();
  return (statement) => {
    const count = (uses.get(statement) ?? 0) + 1;
    uses.set(statement, count);
    return `${statement}_${Math.floor(Math.log2(count))}`;
  };
}
