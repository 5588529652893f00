// A thread whose young generation grows as far as it may: it posts the most bytes that it had.

import { getHeapSpaceStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';

const ROUNDS = 400;
/** Objects that survive let the young generation grow. */
const KEPT = 40_000;

let most = 0;
let kept: number[][] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  kept = kept.slice(-KEPT);
  for (let count = 0; count < 2_000; count += 1) kept.push(new Array(50).fill(count));
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  most = Math.max(most, space?.space_size ?? 0);
}
parentPort?.postMessage(most);
