// Conditions of a query that is built per call, with their values as numbered parameters.

export interface Conditions {
  readonly values: readonly unknown[];
  /** Adds `text`, for example `app =`, and a value behind it. */
  add(text: string, value: unknown): void;
  /** Adds that a column has one of these values. */
  addIn(column: string, values: readonly unknown[]): void;
  /** Does the same with one parameter, in SQL of PostgreSQL. */
  addAny(column: string, type: string, values: readonly unknown[]): void;
  /** Adds a condition. `?` stands for each value. */
  addText(text: string, ...values: readonly unknown[]): void;
  copy(): Conditions;
  /** Returns the WHERE clause; empty without conditions. */
  where(): string;
}

export function conditions(texts: readonly string[] = [], bound: readonly unknown[] = []): Conditions {
  const all = [...texts];
  const values = [...bound];
  const place = (value: unknown) => `$${values.push(value)}`;
  return {
    values,
    add: (text, value) => void all.push(`${text} ${place(value)}`),
    addIn: (column, given) =>
      void all.push(given.length === 0 ? '1 = 0' : `${column} IN (${given.map(place).join(', ')})`),
    addAny: (column, type, given) => void all.push(`${column} = ANY (${place(given)}::${type}[])`),
    addText: (text, ...given) => {
      const rest = [...given];
      all.push(text.replaceAll('?', () => place(rest.shift())));
    },
    copy: () => conditions(all, values),
    where: () => (all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`),
  };
}
