// A process that upgrades the database at the given path, for tests that kill it.

import { pino } from 'pino';
import { systemWorld } from '../../src/lib/world.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { upgradeWithBackup } from '../../src/store/sqlite/file/upgrade.ts';

const [, , path = ''] = process.argv;
process.stdout.write('begun\n');
openDatabase(path, upgradeWithBackup({ world: systemWorld, log: pino({ enabled: false }) })).close();
