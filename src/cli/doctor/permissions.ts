// Reports which users can read the files of the database.

import { existsSync, readFileSync, type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type Check, ok, warn } from './check.ts';

const BESIDE = ['', '-wal', '-shm', '.lock'];

/** @param mode DATABASE_MODE, or null if it is invalid. */
export function checkPermissions(path: string, mode: number | null): Check {
  const files = BESIDE.map((suffix) => path + suffix).filter((file) => existsSync(file));
  const found = files.map((file) => ({ name: basename(file), stats: statSync(file) }));
  const readers = [...new Set(found.map(({ stats }) => readersOf(stats)))];
  const [first = ''] = readers;
  const message = readers.length === 1 ? `${octal(found)}: ${first} can read the files` : listed(found);
  const other = found.filter(({ stats }) => mode !== null && (stats.mode & 0o777) !== mode);
  if (other.length > 0) {
    const names = other.map(({ name }) => name).join(', ');
    return warn('permissions', message, `${names}: not DATABASE_MODE, which a start by the owner sets`);
  }
  if (found.some(({ stats }) => (stats.mode & 0o004) !== 0)) {
    return warn('permissions', message, 'the files hold inputs and results: set DATABASE_MODE=0600 or 0640');
  }
  return ok('permissions', message);
}

type Found = readonly { readonly name: string; readonly stats: Stats }[];

function listed(found: Found): string {
  return found.map(({ name, stats }) => `${name} ${octal([{ name, stats }])}: ${readersOf(stats)}`).join('; ');
}

function octal(found: Found): string {
  return [...new Set(found.map(({ stats }) => (stats.mode & 0o777).toString(8).padStart(4, '0')))].join(', ');
}

/** Root reads everything. */
function readersOf({ mode, uid, gid }: Stats): string {
  if ((mode & 0o004) !== 0) return 'every user';
  const owner = `user ${entryOf('/etc/passwd', uid)?.[0] ?? uid}`;
  if ((mode & 0o040) === 0) return owner;
  const group = entryOf('/etc/group', gid);
  const members = (group?.[3] ?? '').split(',').filter((name) => name !== '');
  const also = members.length === 0 ? '' : ` (${members.join(', ')})`;
  return `${owner} and group ${group?.[0] ?? gid}${also}`;
}

/** The fields of the line with this id, which is the third field of both files. */
function entryOf(file: string, id: number): string[] | undefined {
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find((fields) => fields[2] === String(id));
}
