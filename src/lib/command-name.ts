// Command names in texts, as the reader can run them: through npm in a clone, by their own name in an installed package.

/** An installed package runs emitted JavaScript. */
const INSTALLED = import.meta.url.endsWith('.js');

/** Rewrites the commands in a text (`npm run -s audit -- tail`, `npm run stats [-- --json]`, `node src/main.ts`) for an installed package. */
export function withCommandName(text: string, installed: boolean = INSTALLED): string {
  if (!installed) return text;
  return text
    .replaceAll('node src/main.ts', 'cxone-callback-receiver')
    .replaceAll(/npm run (?:-s )?([a-z]+)(?: (\[?)-- )?/g, (_, name: string, bracket?: string) =>
      bracket === undefined ? `cxone-callback-receiver ${name}` : `cxone-callback-receiver ${name} ${bracket}`,
    );
}
