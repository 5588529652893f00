// What the sender of completions and the app of DBOS agree on.

export const WAIT = { queue: 'races', workflow: 'wait', topic: 'completion', version: '1', app: 'races' } as const;

export interface WaitInput {
  readonly timeoutSeconds: number;
}

/** The message of the app when its workflows run. */
export interface Launched {
  readonly launched: true;
}
