// What a store calls after an error of the disk: in a test, the error fails the test.

export function fatal(error: unknown): never {
  throw error;
}
