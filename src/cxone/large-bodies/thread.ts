// The thread that runs jobs with large bodies, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { type Job, type JobRules, jobResult } from './jobs.ts';

const rules = workerData as JobRules;

parentPort?.on('message', (job: Job) => parentPort?.postMessage(jobResult(rules, job)));
