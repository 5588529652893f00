// Leaves out members that are undefined, where a type wants them absent.

export type Defined<T> = { readonly [M in keyof T]?: Exclude<T[M], undefined> };

export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
