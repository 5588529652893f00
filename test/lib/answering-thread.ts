// A thread that reports what it was started with.

import { parentPort, workerData } from 'node:worker_threads';

const variables = Object.keys(process.env);
parentPort?.postMessage({ given: workerData as unknown, variables });
