// The manifest beside an export: what the file is, its hash, and its place in the audit chain.

import { createHash, type Hash } from 'node:crypto';
import { isJsonObject, readJson } from '../execution/json.ts';
import type { AuditHead } from './port.ts';

const FORMAT = 'cxone-callback-receiver export manifest v1';

/** What an export contains: rows of the API, or rows of the tables that retention deleted. */
export type ExportContent = 'audit' | 'executions' | 'retention-audit' | 'retention-payloads';

/** The place of exported entries in the chain. */
export interface ChainPlace {
  /** The entry before the first one, to which the first one is chained; null if it is not known. */
  readonly after: AuditHead | null;
  /** The last entry. */
  readonly last: AuditHead;
}

export interface ExportManifest {
  /** The name of the export, without its folder. */
  readonly file: string;
  readonly content: ExportContent;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Of the file as it is, compressed or not. */
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
  /** The filters of the export; empty: everything. */
  readonly filter: { readonly [name: string]: unknown };
  /** True if values are hidden (SENSITIVE_FIELDS), so that their entries do not have their hash. */
  readonly isMasked: boolean;
  /** Null for exports without audit entries. */
  readonly chain: ChainPlace | null;
}

export function manifestName(file: string): string {
  return `${file}.manifest.json`;
}

export function manifestText(manifest: ExportManifest): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, null, 2)}\n`;
}

/** Returns null for a text that is not a manifest of this version. */
export function readManifest(text: string): ExportManifest | null {
  try {
    const value = readJson(text);
    return isJsonObject(value) && value['format'] === FORMAT ? (value as unknown as ExportManifest) : null;
  } catch {
    return null;
  }
}

/** Counts and hashes the bytes of a file while they are written or read. */
export function tallyBytes() {
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  return {
    add: (more: string | Uint8Array): void => {
      hash.update(more);
      bytes += typeof more === 'string' ? Buffer.byteLength(more) : more.length;
    },
    result: (): Pick<ExportManifest, 'bytes' | 'sha256'> => ({ bytes, sha256: hash.copy().digest('hex') }),
  };
}
