// A broken promise and its message.

export class Violation extends Error {
  override readonly name = 'Violation';
  /** The promise, always in the same words: two violations of the same one are the same finding. */
  readonly promise: string;

  constructor(promise: string, detail: string) {
    super(`${promise}: ${detail}`);
    this.promise = promise;
  }
}

export function demand(holds: boolean, promise: string, detail: () => string): void {
  if (!holds) throw new Violation(promise, detail());
}

export function show(value: unknown): string {
  return JSON.stringify(value);
}
