// The authenticated caller of a request.

export type Identity =
  | { readonly kind: 'app'; readonly name: string }
  | {
      readonly kind: 'operator';
      readonly name: string;
      readonly role: 'reader' | 'administrator';
      /** True if a session cookie identified the operator. */
      readonly hasSession?: true;
    };

/** A bearer key and the name of its owner. One name may have several keys. */
export interface NamedKey {
  readonly name: string;
  readonly key: string;
}

/** Returns the caller's name as audit entries have it, for example `operator:alice`. */
export function callerName({ kind, name }: Identity): string {
  return `${kind}:${name}`;
}
