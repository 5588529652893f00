// What an action on many executions is answered.

import * as v from 'valibot';
import { count } from './parts.ts';

export const ACTED = v.object({
  matched: count('How many match and had not ended.'),
  done: count('For how many of them it was done.'),
});
