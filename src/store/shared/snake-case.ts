// The types of rows whose columns are named like the members of a record, as SQL spells them.

type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Name;

/** For example `action_id` for `actionId`. */
export type SnakeCase<T> = { readonly [Name in keyof T & string as Snake<Name>]: T[Name] };
