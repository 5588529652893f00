// Makes nested members from the names of form fields: result[amount], result.amount, items[0][sku], items[]. Pure.

import type { Json, JsonObject } from '../execution/json.ts';

/** A name with more steps stays as it is. */
const MAX_STEPS = 32;

type Field = readonly [name: string, value: Json];

interface Branch {
  readonly members: Map<string, Node>;
  /** The values of `name[]`, after the members with an index. */
  readonly appended: Node[];
}

/** A leaf has the values of all fields of one name. */
type Node = { readonly type: 'branch'; readonly branch: Branch } | { readonly type: 'leaf'; readonly values: Json[] };

/**
 * Nests the fields. A name that cannot be nested without losing a value stays as it is: with a=1&a[b]=2 the document has the
 * members "a" and "a[b]". Repeated names make a list. Lists without gaps are arrays, lists with gaps are objects.
 * @param literal names that stay as they are
 */
export function nestFields(fields: readonly Field[], literal: (name: string) => boolean): JsonObject {
  const named = fields.map(([name, value]) => ({ steps: literal(name) ? [name] : stepsOf(name), name, value }));
  const leaves = new Set(named.map(({ steps }) => JSON.stringify(steps)));
  const root: Branch = { members: new Map(), appended: [] };
  for (const { steps, name, value } of named) place(root, isBelowLeaf(steps, leaves) ? [name] : steps, value);
  return objectOf(root);
}

/** Returns true if another field has its value where this name needs members. */
function isBelowLeaf(steps: readonly string[], leaves: ReadonlySet<string>): boolean {
  return steps.some((_, index) => index > 0 && leaves.has(JSON.stringify(steps.slice(0, index))));
}

/** Returns ["result", "amount"] for result[amount] and result.amount; the empty step stands for []. */
function stepsOf(name: string): string[] {
  if (!/[.[]/.test(name)) return [name];
  const [head = ''] = /^[^.[\]]+/.exec(name) ?? [];
  const rest = name.slice(head.length);
  if (head === '' || !/^(?:\.[^.[\]]+|\[[^[\]]*\])+$/.test(rest)) return [name];
  const steps = [...rest.matchAll(/\.([^.[\]]+)|\[([^[\]]*)\]/g)].map(
    ([, dotted, bracketed]) => dotted ?? bracketed ?? '',
  );
  return steps.length < MAX_STEPS ? [head, ...steps] : [name];
}

function place(branch: Branch, [step = '', ...rest]: readonly string[], value: Json, isRoot = true): void {
  if (step === '' && !isRoot) {
    branch.appended.push(rest.length === 0 ? { type: 'leaf', values: [value] } : branchWith(rest, value));
    return;
  }
  const known = branch.members.get(step);
  if (rest.length === 0) {
    if (known?.type === 'leaf') known.values.push(value);
    else branch.members.set(step, { type: 'leaf', values: [value] });
  } else if (known?.type === 'branch') place(known.branch, rest, value, false);
  else branch.members.set(step, branchWith(rest, value));
}

function branchWith(steps: readonly string[], value: Json): Node {
  const branch: Branch = { members: new Map(), appended: [] };
  place(branch, steps, value, false);
  return { type: 'branch', branch };
}

function jsonOf(node: Node): Json {
  if (node.type === 'leaf') return node.values.length === 1 ? (node.values[0] ?? null) : node.values;
  const { members, appended } = node.branch;
  const indexed = [...members.keys()].every((key) => /^(?:0|[1-9]\d{0,5})$/.test(key) && Number(key) < members.size);
  if (!indexed) return objectOf(node.branch);
  const inOrder = [...members].sort(([a], [b]) => Number(a) - Number(b));
  return [...inOrder.map(([, member]) => member), ...appended].map(jsonOf);
}

function objectOf({ members, appended }: Branch): JsonObject {
  const entries = [...members].map(([key, member]) => [key, jsonOf(member)] as const);
  const taken = new Set(members.keys());
  let next = 0;
  const rest = appended.map((member) => {
    while (taken.has(String(next))) next += 1;
    next += 1;
    return [String(next - 1), jsonOf(member)] as const;
  });
  // fromEntries defines own properties, so that a field named __proto__ is harmless.
  return Object.fromEntries([...entries, ...rest]);
}
