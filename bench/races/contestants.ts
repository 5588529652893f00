// Who runs the races, in the order of the page.

import { BULLMQ } from './contestants/bullmq.ts';
import { DBOS } from './contestants/dbos.ts';
import { GRAPHILE_WORKER } from './contestants/graphile-worker.ts';
import { PG_BOSS } from './contestants/pg-boss.ts';
import { POSTGRES, receiverOn, SQLITE } from './contestants/receiver.ts';
import { RESTATE } from './contestants/restate.ts';
import type { Contestant } from './races.ts';

export const CONTESTANTS: readonly Contestant[] = [
  receiverOn(SQLITE),
  receiverOn(POSTGRES),
  PG_BOSS,
  BULLMQ,
  GRAPHILE_WORKER,
  RESTATE,
  DBOS,
];
