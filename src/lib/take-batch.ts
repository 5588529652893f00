// Chooses what of a queue is done together: what is short, and of what is long no more than the short may wait for.

export interface Weighed {
  readonly weight: number;
  /** 0 for what is short. */
  readonly bytes: number;
}

export interface Batch<T> {
  readonly batch: readonly T[];
  readonly rest: readonly T[];
}

/**
 * Takes the short elements up to the weight, and the long ones up to the bytes and the weight that is left, each kind in its order.
 * Of each kind that waits, it takes one at least, so that neither waits for ever.
 */
export function takeBatch<T extends Weighed>(waiting: readonly T[], most: Weighed): Batch<T> {
  const left = { weight: most.weight, bytes: most.bytes };
  const batch: T[] = [];

  function take(elements: readonly T[]): T[] {
    const excess = elements.findIndex(({ weight, bytes }, index) => {
      left.weight -= weight;
      left.bytes -= bytes;
      return index > 0 && (left.weight < 0 || left.bytes < 0);
    });
    const end = excess === -1 ? elements.length : excess;
    batch.push(...elements.slice(0, end));
    return elements.slice(end);
  }

  const isShort = ({ bytes }: T) => bytes === 0;
  // promise: short-writes-come-before-long-ones
  const short = take(waiting.filter(isShort));
  const long = take(waiting.filter((one) => !isShort(one)));
  return { batch, rest: [...short, ...long] };
}
