// The thread that reads large submissions, one body at a time.

import { parentPort } from 'node:worker_threads';
import { type Job, jobResult } from './jobs.ts';

parentPort?.on('message', (job: Job) => parentPort?.postMessage(jobResult(job)));
