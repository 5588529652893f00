// URL templates of a profile: `{base}` and `{issuer}` are where CXone is, every other placeholder becomes one path or query part.

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What stands for the beginning of a URL. */
export type Root = 'base' | 'issuer';

export type TemplateValues = { readonly [placeholder: string]: string };

/** What is wrong with a template, one sentence per mistake; none when it is right. */
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

/** A placeholder may not choose the host that gets our token, nor vanish into a fragment. */
function placeProblems(template: string, names: readonly string[]): string[] {
  const filled = (value: string) => {
    const values = Object.fromEntries(names.map((name) => [name, value]));
    return URL.parse(
      fillTemplate(template, { ...values, base: 'https://base.invalid', issuer: 'https://issuer.invalid' }),
    );
  };
  const [one, other] = [filled('1'), filled('2')];
  if (one === null || other === null) return ['is no URL once its placeholders are filled in'];
  if (one.origin !== other.origin) return ['must have its placeholders after the host'];
  if (one.username !== '' || one.password !== '') return ['must hold no user name or password'];
  return one.hash === '' ? [] : ['must have no fragment (#)'];
}

/** The template with its placeholders filled in: all but its root percent-encoded, so that none of them reaches beyond its own part. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replace(PLACEHOLDER, (_, name: string) => {
    const value = values[name] ?? '';
    return name === 'base' || name === 'issuer' ? value : encodeURIComponent(value);
  });
}

function listed(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
