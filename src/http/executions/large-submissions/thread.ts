// The thread that reads large submissions, one body at a time.

import { parentPort } from 'node:worker_threads';
import { giveWay } from '../../../lib/worker-thread.ts';
import { type Job, jobResult } from './jobs.ts';

parentPort?.on('message', (job: Job) => parentPort?.postMessage(jobResult(job)));

// After the modules are loaded, so that the first body does not wait long.
if (parentPort !== null) giveWay();
