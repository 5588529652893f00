// Reads the text that Prometheus scrapes: the metrics, their labels and values.

export interface Exposition {
  /** The labels of each metric, by its name; for a histogram also with _bucket, _sum and _count. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** The value of each series, by its text. */
  readonly values: ReadonlyMap<string, number>;
}

export function readExposition(text: string): Exposition {
  const labels = new Map<string, Set<string>>();
  const values = new Map<string, number>();
  const labelsOf = (name: string): Set<string> => {
    const known = labels.get(name) ?? new Set();
    labels.set(name, known);
    return known;
  };
  // A metric with labels has no series before its first use.
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) labelsOf(name + suffix);
  }
  for (const [, series = '', name = '', inside = '', value] of text.matchAll(/^((\w+)(?:\{(.*)\})?) (\S+)$/gm)) {
    values.set(series, Number(value));
    for (const [, label = ''] of inside.matchAll(/(\w+)="/g)) labelsOf(name).add(label);
  }
  return { labels, values };
}

/** Returns the metrics in a PromQL expression by name, with the labels that it uses. */
export function askedFor(expression: string): { readonly names: string[]; readonly labels: string[] } {
  const bare = expression.replaceAll(/"[^"]*"/g, '""');
  const names = [...bare.matchAll(/\b((?:cxone_receiver|http_server|nodejs|process)_\w+|up)\b(?!:)/g)];
  const selected = [...bare.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*""/g)];
  const grouped = [...bare.matchAll(/\b(?:by|on|without|ignoring) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  return {
    names: [...new Set(names.map(([, name = '']) => name))],
    labels: [...new Set([...selected.map(([, label = '']) => label), ...grouped])],
  };
}
