// An operator's process: reads the database again and again until it is stopped, then reports the result.

import Database from 'better-sqlite3';

const database = new Database(process.argv[2] as string, { readonly: true });
const failures: string[] = [];
let reads = 0;
let going = true;

process.on('message', () => {
  going = false;
});

function read(): void {
  try {
    const { difference } = database.prepare('SELECT difference FROM conservation').get() as { difference: number };
    database.prepare('SELECT * FROM unresolved LIMIT 10').all();
    if (difference !== 0) failures.push(`conservation is off by ${difference}`);
    reads += 1;
  } catch (error) {
    failures.push(String(error));
  }
  if (going) setImmediate(read);
  else process.send?.({ reads, failures }, () => process.disconnect());
}

process.send?.('ready');
read();
