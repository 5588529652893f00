// Who runs the races, in the order of the page.

import { BULLMQ } from './contestants/bullmq.ts';
import { PG_BOSS } from './contestants/pg-boss.ts';
import { receiverOn, SQLITE } from './contestants/receiver.ts';
import type { Contestant } from './races.ts';

export const CONTESTANTS: readonly Contestant[] = [receiverOn(SQLITE), PG_BOSS, BULLMQ];
