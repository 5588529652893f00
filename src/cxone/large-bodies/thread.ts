// The thread that runs jobs with large bodies, one at a time.

import { workerData } from 'node:worker_threads';
import { serveJobs } from '../../lib/job-thread.ts';
import { createJobs, type JobRules } from './jobs.ts';

serveJobs(createJobs(workerData as JobRules));
