// The credentials of this receiver at CXone.

/** Configured credentials; null or left out: not set. */
export interface Credentials {
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  readonly accessKeyId: string | null;
  readonly accessKeySecret: string | null;
  /** A token that was issued elsewhere. */
  readonly token: string | null;
  /** PEM of the key that signs client assertions (RFC 7523). */
  readonly privateKey?: string | null;
  /** Its `kid`. */
  readonly privateKeyId?: string | null;
}
