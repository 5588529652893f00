// The rates of apps that hold for all receivers of one database.

import type { Taken } from '../lib/token-bucket.ts';

export interface SubmissionRates {
  /**
   * Takes from the bucket of an app what each request submits, in their order. The bucket holds the rate of one second, by the clock of
   * the database; a request is admitted while one submission is left, and a batch may leave a debt.
   * @param rate submissions per second @throws {StoreUnavailable}
   */
  takeSubmissions(app: string, rate: number, counts: readonly number[]): Promise<Taken>;
}
