// The TLS certificate of the receiver: read, checked, and reloaded when its files change.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type Log, reasonOf } from '../../lib/log.ts';
import { DAY_MS } from '../../lib/time.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** PEM: the certificate with its chain, and its private key. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

interface Expected {
  /** The host of PUBLIC_URL; null if a proxy in front presents another certificate. */
  readonly publicHost: string | null;
  now(): number;
}

/** Automatic renewal happens a month before the end. */
const ENDS_SOON_MS = 14 * DAY_MS;

/** @throws {Error} that names the variable of the unusable file and the reason, without its contents. */
export async function readTlsPair({ certFile, keyFile }: TlsFiles): Promise<TlsPair> {
  const cert = await contentOf('TLS_CERT_FILE', certFile);
  const key = await contentOf('TLS_KEY_FILE', keyFile);
  const leaf = certificateIn(cert);
  if (!leaf.checkPrivateKey(privateKeyIn(key))) {
    throw new Error('TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE');
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(`TLS_CERT_FILE cannot be served (${reasonOf(error)})`, { cause: error });
  }
  return { cert, key };
}

export interface TlsRenewalOptions {
  readonly files: TlsFiles;
  /** The pair in use. */
  readonly first: TlsPair;
  /** Called with each new pair. */
  readonly use: (pair: TlsPair) => void;
  readonly expected: Expected;
  readonly log: Log;
}

export function createTlsRenewal({ files, first, use, expected, log }: TlsRenewalOptions) {
  let inUse = first;
  let loggedReason: string | null = null;
  logCertificate(first, expected, log);

  async function reloadIfChanged(): Promise<boolean> {
    try {
      const pair = await readTlsPair(files);
      if (pair.cert === inUse.cert && pair.key === inUse.key) return false;
      use(pair);
      // promise: certificate-reload
      inUse = pair;
      loggedReason = null;
      logCertificate(pair, expected, log);
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== loggedReason) log.error({ reason }, 'the new TLS certificate cannot be used: the old one stays');
      loggedReason = reason;
      return true;
    }
  }

  return {
    /** Uses the files if they have changed. An unusable certificate is logged once, and the old pair stays in use. */
    check: async (): Promise<void> => void (await reloadIfChanged()),
    /** The same on request: also logs an unusable certificate again, and that nothing has changed. */
    reload: async (): Promise<void> => {
      loggedReason = null;
      if (!(await reloadIfChanged())) log.info({}, 'the TLS certificate has not changed');
    },
  };
}

function logCertificate({ cert }: TlsPair, { publicHost, now }: Expected, log: Log): void {
  const leaf = certificateIn(cert);
  const facts = { subject: leaf.subject, names: leaf.subjectAltName, until: leaf.validTo };
  const left = Date.parse(leaf.validTo) - now();
  log.info(facts, 'TLS certificate in use');
  if (left < 0) log.warn(facts, 'the TLS certificate has expired: clients reject it');
  else if (left < ENDS_SOON_MS) log.warn(facts, 'the TLS certificate expires soon: renew it');
  if (publicHost !== null && !names(leaf, publicHost)) {
    log.warn(facts, 'the TLS certificate does not name the host of PUBLIC_URL: CXone will not accept it');
  }
}

function names(leaf: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return (isIP(address) === 0 ? leaf.checkHost(host) : leaf.checkIP(address)) !== undefined;
}

async function contentOf(variable: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${variable} cannot be read (${reasonOf(error)})`, { cause: error });
  }
}

function certificateIn(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new Error('TLS_CERT_FILE contains no certificate in PEM form', { cause: error });
  }
}

function privateKeyIn(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error('TLS_KEY_FILE contains no unencrypted private key in PEM form', { cause: error });
  }
}
