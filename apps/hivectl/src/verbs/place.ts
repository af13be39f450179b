import type { Argument, Command, Option } from "commander";

/** Where a word stands that is being typed. */
export interface Place {
  readonly command: Command;
  /** Whose value it is, and what of the word comes before it. */
  readonly option?: Option | undefined;
  readonly before: string;
  readonly typed: string;
  readonly argument: Argument | undefined;
  /** The arguments before it. */
  readonly given: readonly string[];
  /** The values of the flags before it, by their long names. */
  readonly values: ReadonlyMap<string, string>;
}

/** Reads the words of a line as the command line would. The last one is being typed. */
export function placeOf(program: Command, words: readonly string[]): Place {
  const values = new Map<string, string>();
  let command = program;
  let open: Option | undefined;
  const given: string[] = [];
  // Behind it stands a verb, without what that takes.
  const isHelp = words.length > 1 && words[0] === "help";
  for (const word of words.slice(isHelp ? 1 : 0, -1)) {
    if (open !== undefined) {
      values.set(open.name(), word);
      open = undefined;
    } else if (word.startsWith("-") && word.length > 1) {
      const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
      const option = optionOf(command, name);
      if (value === undefined) open = option?.required ? option : undefined;
      else if (option !== undefined) values.set(option.name(), value);
    } else {
      const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (next === undefined) given.push(word);
      command = next ?? command;
    }
  }
  const last = words.at(-1) ?? "";
  const [, before = "", inWord = ""] = /^(--[^=]+=)(.*)$/s.exec(last) ?? [];
  const option = open ?? (before === "" ? undefined : optionOf(command, before.slice(0, -1)));
  const isInWord = open === undefined && before !== "";
  const args = command.registeredArguments;
  return {
    command,
    option,
    before: isInWord ? before : "",
    typed: isInWord ? inWord : last,
    argument: isHelp ? undefined : (args[given.length] ?? (args.at(-1)?.variadic ? args.at(-1) : undefined)),
    given,
    values,
  };
}

/** It may be one of the verb, or of those that stand before it. */
function optionOf(command: Command | null, name: string): Option | undefined {
  if (command === null) return undefined;
  return command.options.find(({ long, short }) => long === name || short === name) ?? optionOf(command.parent, name);
}

/** The verbs and flags that may stand there. */
export function wordsAt({ command, typed }: Place): string[] {
  const help = command.createHelp();
  if (!typed.startsWith("-")) return help.visibleCommands(command).map((one) => one.name());
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  return options.flatMap(({ long, short }) => long ?? short ?? []);
}
