// The text with which `demo --serve` ends: commands to try, an operator's key, and three addresses to open.

export interface Served {
  readonly receiverUrl: string;
  readonly simulatorUrl: string;
  readonly keys: { readonly app: string; readonly operator: string };
}

/** The addresses come last, because the end of the output is what a terminal shows. */
export function invitation({ receiverUrl, simulatorUrl, keys }: Served): string {
  return `
Both keep running until Ctrl-C. Submit an execution whose callback is lost, and wait for its result:

  curl -H 'Authorization: Bearer ${keys.app}' -H 'Content-Type: application/json' -H 'Prefer: wait=30' \\
    -d '{"actionId":"look-up","graceSeconds":2,"inputs":{"simulate":"lost-callback"}}' ${receiverUrl}/v1/executions

List the executions as an operator:

  curl -u operator:${keys.operator} ${receiverUrl}/v1/executions

For the examples in examples/, notifications included:

  export RECEIVER_URL=${receiverUrl} RECEIVER_KEY=${keys.app}

The operator key for the pages: ${keys.operator}

${addresses({ receiverUrl, simulatorUrl })}`;
}

/** Also follows whatever is printed later. */
export function addresses({ receiverUrl, simulatorUrl }: Omit<Served, 'keys'>): string {
  return `Open in a browser:

  ${receiverUrl}/console/login   the operators' page: log in with the operator key
  ${receiverUrl}/docs            the API
  ${simulatorUrl}/simulator       the control endpoints of the simulator
`;
}
