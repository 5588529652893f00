// JSON Web Tokens as an issuer gives them, for readers of claims that do not check the signature.

export function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmVk`;
}
