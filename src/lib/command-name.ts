// Names the commands so that whoever reads of them can run them: by npm in a clone, by their own name where the package is installed.

/** An installed package runs what was emitted. */
const INSTALLED = import.meta.url.endsWith('.js');

/** For texts that name commands as a clone calls them: `npm run -s audit -- tail`, `npm run stats [-- --json]`, `node src/main.ts`. */
export function withCommandName(text: string, installed: boolean = INSTALLED): string {
  if (!installed) return text;
  return text
    .replaceAll('node src/main.ts', 'cxone-callback-receiver')
    .replaceAll(/npm run (?:-s )?([a-z]+)(?: (\[?)-- )?/g, (_, name: string, bracket?: string) =>
      bracket === undefined ? `cxone-callback-receiver ${name}` : `cxone-callback-receiver ${name} ${bracket}`,
    );
}
