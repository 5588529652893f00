// The thread that runs jobs with large bodies, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { giveWay } from '../../lib/worker-thread.ts';
import { createJobs, type Job, type JobRules } from './jobs.ts';

const run = createJobs(workerData as JobRules);

parentPort?.on('message', (job: Job) => parentPort?.postMessage(run(job)));

// After the modules are loaded, so that the first body does not wait long.
if (parentPort !== null) giveWay();
