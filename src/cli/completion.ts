// `completion <shell>`: writes a completion script for bash, zsh or fish from the declarations of all commands.

import { Argument, type Command, type Option } from '@commander-js/extra-typings';
import type { CommandContext, Declare } from './context.ts';
import { withHelp } from './options.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const NAME = 'cxone-callback-receiver';

/** What the shells complete after one command: sub-commands or the choices of an argument, and options. */
interface Completions {
  /** `executions list`, for example; empty for the program. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly Option[];
}

/** @param load declares all commands. */
export function declareCompletion(load: (context: CommandContext) => Promise<Command>): Declare {
  return (command, context) =>
    withHelp(command, {
      description: 'Writes a completion script to stdout, for the installed package.',
      exitCodes: '0 done, 2 the shell is not supported',
      examples: [
        `${NAME} completion bash > ~/.local/share/bash-completion/completions/${NAME}`,
        `${NAME} completion zsh > "\${fpath[1]}/_${NAME}"`,
        `${NAME} completion fish > ~/.config/fish/completions/${NAME}.fish`,
      ],
    })
      .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
      .action(async (shell) => {
        const all = completionsOf(await load(context), '');
        context.write({ bash, zsh, fish }[shell](all));
      });
}

function completionsOf(command: Command, path: string): Completions[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const own = {
    path,
    commands: [
      ...commands.map((sub) => ({ name: sub.name(), summary: sub.summary() || sub.description() })),
      ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
        argChoices.map((name) => ({ name, summary: description })),
      ),
    ],
    options: help.visibleOptions(command) as Option[],
  };
  const subs = commands.filter((sub) => sub.name() !== 'help');
  return [own, ...subs.flatMap((sub) => completionsOf(sub as Command, `${path} ${sub.name()}`.trim()))];
}

/** Commands with sub-commands, as a pattern of `case`. */
function groupPattern(all: readonly Completions[]): string {
  return all
    .flatMap(({ path, commands }) => (path !== '' && commands.length > 0 && path !== 'completion' ? [path] : []))
    .join('|');
}

function flagsOf({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** Returns one branch of `case` for each option with a value: its choices, or files if it has none. */
function valueCases(all: readonly Completions[], choices: (words: string) => string, files: string): string {
  const branches = all.flatMap(({ path, options }) =>
    options.filter(takesValue).map((option) => {
      const patterns = flagsOf(option).map((flag) => quoted(`${path} ${flag}`));
      return `    ${patterns.join('|')}) ${option.argChoices ? choices(option.argChoices.join(' ')) : files} ;;`;
    }),
  );
  return branches.join('\n');
}

function bash(all: readonly Completions[]): string {
  const words = all.map(({ path, commands, options }) => {
    const names = [...commands.map(({ name }) => name), ...options.flatMap(flagsOf)];
    return `      ${quoted(path)}) words=${quoted(names.join(' '))} ;;`;
  });
  return `# bash completion for ${NAME}
_cxone_callback_receiver() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} cmd='' words=''
  [[ $COMP_CWORD -gt 1 ]] && cmd=\${COMP_WORDS[1]}
  case $cmd in
    ${groupPattern(all)}) [[ $COMP_CWORD -gt 2 ]] && cmd+=" \${COMP_WORDS[2]}" ;;
  esac
  case "$cmd $previous" in
${valueCases(all, (choices) => `words=${quoted(choices)}`, 'return')}
    *) case $cmd in
${words.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _cxone_callback_receiver ${NAME}
`;
}

function zsh(all: readonly Completions[]): string {
  const described = (name: string, text: string) => quoted(`${name}:${text.replaceAll(':', '\\:')}`);
  const items = all.map(({ path, commands, options }) => {
    const shown = [
      ...commands.map(({ name, summary }) => described(name, summary)),
      ...options.flatMap((option) => flagsOf(option).map((flag) => described(flag, option.description))),
    ];
    return `      ${quoted(path)}) items=(${shown.join(' ')}) ;;`;
  });
  return `#compdef ${NAME}
_cxone_callback_receiver() {
  local cmd=''
  local -a items
  (( CURRENT > 2 )) && cmd=$words[2]
  case $cmd in
    ${groupPattern(all)}) (( CURRENT > 3 )) && cmd+=" $words[3]" ;;
  esac
  case "$cmd $words[CURRENT-1]" in
${valueCases(all, (choices) => `items=(${choices})`, '_files; return')}
    *) case $cmd in
${items.join('\n')}
    esac ;;
  esac
  _describe -o 'completion' items || _files
}
if [[ $funcstack[1] == _${NAME} ]]; then
  _cxone_callback_receiver "$@"
else
  compdef _cxone_callback_receiver ${NAME}
fi
`;
}

function fish(all: readonly Completions[]): string {
  const lines = all.flatMap(({ path, commands, options }) => {
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const names = commands.map(({ name }) => name).join(' ');
    const isHere = path === '' ? '__fish_use_subcommand' : seen.join('; and ');
    const isOpen = path === '' ? isHere : `${isHere}; and not __fish_seen_subcommand_from ${names}`;
    return [
      ...commands.map(({ name, summary }) => `-f -n ${quoted(isOpen)} -a ${name} -d ${quoted(summary)}`),
      ...options.map((option) => {
        const flags = [option.short && `-s ${option.short.slice(1)}`, option.long && `-l ${option.long.slice(2)}`];
        const value = option.argChoices ? `-x -a ${quoted(option.argChoices.join(' '))}` : '-r';
        const parts = [`-n ${quoted(isHere)}`, ...flags.filter(Boolean), ...(takesValue(option) ? [value] : [])];
        return `${parts.join(' ')} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `# fish completion for ${NAME}\n${lines.map((line) => `complete -c ${NAME} ${line}\n`).join('')}`;
}

/** Quotes for a shell. Descriptions lose their apostrophes, because fish and POSIX shells escape them in different ways. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '')}'`;
}
