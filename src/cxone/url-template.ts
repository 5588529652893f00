// URL templates of a profile: `{base}` and `{issuer}` are CXone's addresses, every other placeholder is one path segment or query value.

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Placeholder for the beginning of a URL. */
export type Root = 'base' | 'issuer';

export type TemplateValues = { readonly [placeholder: string]: string };

/** Returns the mistakes in a template, one sentence each; empty if it is valid. */
export function templateProblems(
  template: string,
  allowed: readonly string[],
  required: readonly string[],
  roots: readonly Root[] = ['base'],
): string[] {
  const problems: string[] = [];
  const used = [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  const known = [...roots, ...allowed];
  for (const name of new Set(used)) {
    if (!known.includes(name)) problems.push(`has the unknown placeholder {${name}}: ${listed(known)} may be used`);
  }
  for (const name of required) if (!used.includes(name)) problems.push(`must contain {${name}}`);
  if (/[{}]/.test(template.replace(PLACEHOLDER, ''))) problems.push('has a brace without its partner');
  if (!/^[\x21-\x7e]+$/.test(template))
    problems.push('must be printable ASCII without spaces: percent-encode the rest');
  const beginnings = roots.map((root) => `"{${root}}/"`).join(' or ');
  if (!/^(?:\{\w+\}\/|https?:\/\/)/.test(template) || !roots.every((root) => template.lastIndexOf(`{${root}}`) <= 0)) {
    const elsewhere = listed(roots).replace(', ', ' and ');
    problems.push(`must begin with ${beginnings}, or with "https://" and a host, and have ${elsewhere} nowhere else`);
  } else if (problems.length === 0) {
    problems.push(...placeProblems(template, known));
  }
  return problems;
}

/** A placeholder must not choose the host that receives the token, nor be part of a fragment. */
function placeProblems(template: string, names: readonly string[]): string[] {
  const filled = (value: string) => {
    const values = Object.fromEntries(names.map((name) => [name, value]));
    return URL.parse(
      fillTemplate(template, { ...values, base: 'https://base.invalid', issuer: 'https://issuer.invalid' }),
    );
  };
  const [first, second] = [filled('1'), filled('2')];
  if (first === null || second === null) return ['is not a URL once its placeholders are filled in'];
  if (first.origin !== second.origin) return ['must have its placeholders after the host'];
  if (first.username !== '' || first.password !== '') return ['must not contain a user name or password'];
  return first.hash === '' ? [] : ['must have no fragment (#)'];
}

/** Fills in a template. All values but the root are percent-encoded, so that none extends beyond its own part. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = values[name] ?? '';
    return name === 'base' || name === 'issuer' ? value : encodeURIComponent(value);
  });
}

function listed(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
