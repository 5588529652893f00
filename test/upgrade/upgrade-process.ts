// A process that upgrades the database at the given path in many slices, for tests that kill it.

import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { systemWorld } from '../../src/lib/world.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { upgradeWithBackup } from '../../src/store/sqlite/file/upgrade.ts';

const [, , path = ''] = process.argv;
const line = () => void writeSync(1, 'slice\n');
line();
const upgradeDisplay = { at: line, clear: () => {} };
const hooks = upgradeWithBackup({ world: systemWorld, log: pino({ enabled: false }), upgradeDisplay });
openDatabase(path, hooks, { slice: { rows: 3, contentBytes: 1_000_000 } }).close();
