// Problems of a profile, each with its place in the document.

export interface ProfileProblem {
  /** JSON Pointer into the profile. */
  readonly pointer: string;
  readonly detail: string;
}

/** An invalid profile. The message lists every mistake. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
  readonly problems: readonly ProfileProblem[];

  constructor(message: string, problems: readonly ProfileProblem[] = []) {
    const lines = problems.map(({ pointer: at, detail }) => `\n  ${at === '' ? '(the whole profile)' : at}: ${detail}`);
    super(message + lines.join(''));
    this.problems = problems;
  }
}
