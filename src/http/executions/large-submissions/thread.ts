// The thread that reads large submissions, one body at a time.

import { serveJobs } from '../../../lib/job-thread.ts';
import { replyTo } from './jobs.ts';

serveJobs(replyTo);
