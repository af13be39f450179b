import { type Command, CommanderError } from "commander";
import { closest } from "fastest-levenshtein";
import { withoutServiceLinks } from "./service-links.ts";
import {
  type Declarations,
  type Environment,
  isSecret,
  type Named,
  named,
  type Setting,
  type ValuesOf,
} from "./setting.ts";
import { usageError } from "./usage-errors.ts";

/** What differs in the words of programs. */
export interface Wording {
  /** Before a default, in the help. */
  readonly default: string;
  /** Before a value that is refused. */
  readonly given: string;
  /** The rule that a value which is given and empty breaks; undefined where the rules of the settings say enough. */
  readonly empty: string | undefined;
}

/** What differs between programs. */
export interface SettingsOptions extends Partial<Wording> {
  /** Variables with the same prefix that mean something to other programs: they are no mistake. */
  readonly otherVariables?: readonly string[];
}

const WORDING: Wording = {
  default: "default: ",
  given: "; got ",
  empty: "must not be empty: leave it out for the default",
};

/** What settings are when they are read: the type of a program's configuration. */
export type Values<S> = S extends Settings<infer D> ? ValuesOf<D> : never;
/** The values and what was given in vain, or all that is wrong with what was given. */
export type Reading<V> = { readonly values: V; readonly warnings: string[] } | { readonly problems: string[] };
/** Or the help or the version, which the command line asks for. */
export type CommandLineReading<V> = Reading<V> | { readonly print: string };

/** With what was made of several settings in their place, or beside them. */
type With<V, Combined> = Omit<V, keyof Combined> & Combined;

interface Sources<V, Combined extends object> {
  env?: Environment;
  /**
   * What several settings make together. It may add problems. Settings that were refused are missing when it is called, so that their
   * problems and its own are told at once.
   */
  combine?: (values: Partial<V>, problems: string[]) => Combined;
}

/** The settings of a program, each declared once: flag, variable, help, rule, problem and type all come from that. */
export class Settings<D extends Declarations> {
  readonly #all: readonly Named[];
  readonly #prefix: string;
  readonly #otherVariables: readonly string[];
  readonly #wording: Wording;

  /** `prefix` stands before the names of the variables. */
  constructor(prefix: string, declarations: D, { otherVariables = [], ...wording }: SettingsOptions = {}) {
    this.#all = Object.entries(declarations).map(([name, declared]) => named(prefix, name, declared));
    this.#prefix = prefix;
    this.#otherVariables = otherVariables;
    this.#wording = { ...WORDING, ...wording };
  }

  /** What they are where nothing is given. */
  get defaults(): ValuesOf<D> {
    return Object.fromEntries(this.#all.map(({ name, schema }) => [name, schema.parse(undefined)])) as ValuesOf<D>;
  }

  /** The variables, with their help and, where there is one, their default. */
  get variables(): { variable: string; help: string; default: string | undefined }[] {
    return this.#all.map((one) => ({ variable: one.variable, help: one.help, default: defaultOf(one) }));
  }

  /** How a setting is named to whoever is to change it: what starts a program as its child has no flags for it. */
  howToSet(setting: keyof D): string {
    const { flag, variable } = this.#all.find(({ name }) => name === setting) as Named;
    return process.send === undefined ? `${flag} or ${variable}` : variable;
  }

  /** What the help of a program says of its environment, for `addHelpText("after", …)`. */
  get environmentHelp(): string {
    const secrets = this.#all
      .filter(isSecret)
      .map(({ variable, help }) => `  ${variable}  ${help}; it has no flag, so that it is in no process list\n`);
    return `\nEnvironment:\n  A flag wins over its variable, which stands beside it.\n${secrets.join("")}`;
  }

  /** Adds the flags to a command. */
  addTo(command: Command): Command {
    for (const one of this.#all) {
      if (!isSecret(one)) command.option(`${one.flag} <${one.placeholder}>`, this.#help(one));
    }
    return command;
  }

  /** Reads them from the flags that commander found, and from the environment. A flag wins. */
  read<Combined extends object = object>({
    flags = {},
    env = process.env,
    combine,
  }: Sources<ValuesOf<D>, Combined> & { flags?: Environment } = {}): Reading<With<ValuesOf<D>, Combined>> {
    const problems: string[] = [];
    const values: Record<string, unknown> = {};
    const own = withoutServiceLinks(env, `${this.#prefix}_`);
    for (const one of this.#all) {
      const given = (isSecret(one) ? undefined : flags[one.name]) ?? own[one.variable];
      const { data, rules } = this.#parse(one, given);
      values[one.name] = data;
      problems.push(...rules.map((rule) => this.#problem(one, rule, given)));
    }
    const combined = combine?.(values as Partial<ValuesOf<D>>, problems);
    const warnings = this.#unknownVariables(own);
    if (problems.length > 0) return { problems: [...problems, ...warnings] };
    // What was refused is missing, but then there are problems.
    return { values: { ...values, ...combined } as With<ValuesOf<D>, Combined>, warnings };
  }

  /** Reads a command line of flags alone, and the environment. `command` says what stands around the flags in the help. */
  readCommandLine<Combined extends object = object>(
    command: Command,
    { argv = process.argv.slice(2), ...sources }: Sources<ValuesOf<D>, Combined> & { argv?: readonly string[] } = {},
  ): CommandLineReading<With<ValuesOf<D>, Combined>> {
    let print = "";
    const problems: string[] = [];
    this.addTo(command)
      .helpOption("-h, --help", "show this help")
      .allowUnknownOption()
      .allowExcessArguments()
      .exitOverride()
      .configureOutput({
        writeOut: (text) => {
          print += text;
        },
        writeErr: () => undefined,
      });
    try {
      // `pnpm queen -- --port 0` hands the dashes on.
      command.parse(argv[0] === "--" ? argv.slice(1) : argv, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      if (error.exitCode === 0) return { print };
      problems.push(usageError(error.message));
    }
    problems.push(...this.#unknown(command.args));
    const reading = this.read({ ...sources, flags: command.opts() });
    if ("problems" in reading) problems.push(...reading.problems);
    return problems.length > 0 ? { problems } : reading;
  }

  #help(one: Named<Setting>): string {
    const standard = defaultOf(one);
    return `${one.help} (${one.variable}${standard === undefined ? "" : `; ${this.#wording.default}${standard}`})`;
  }

  #parse(one: Named, given: string | undefined): { data?: unknown; rules: readonly string[] } {
    const { empty } = this.#wording;
    if (given === "" && empty !== undefined && !isSecret(one)) return { rules: [empty] };
    const { data, error } = one.schema.safeParse(given);
    if (error === undefined) return { data, rules: [] };
    return { rules: given === undefined ? ["is missing"] : error.issues.map(({ message }) => message) };
  }

  #problem(one: Named, rule: string, given: string | undefined): string {
    if (isSecret(one)) return `${one.variable} ${rule}`;
    const problem = `${one.flag} (${one.variable}) ${rule}`;
    return given === undefined ? problem : `${problem}${this.#wording.given}${JSON.stringify(withoutSecrets(given))}`;
  }

  /** What is said of variables that no program reads, which most often are misspelt. Their values may be secret: they are not said. */
  #unknownVariables(own: Environment): string[] {
    const known = [...this.#all.map(({ variable }) => variable), ...this.#otherVariables];
    return Object.keys(own)
      .filter((name) => own[name] !== undefined && !known.includes(name))
      .map((name) => `${name} is no setting, and changes nothing: the nearest that is one is ${closest(name, known)}`);
  }

  /** What is said of words that are no flag of ours. What follows an unknown flag may be its value, and a secret: it is not said. */
  #unknown(words: readonly string[]): string[] {
    const isFlag = (word: string) => word.startsWith("-");
    const first = words.findIndex(isFlag);
    const operands = first < 0 ? words : words.slice(0, first);
    return [
      ...words.filter(isFlag).map((word) => this.#unknownFlag(word.split("=", 1)[0] ?? word)),
      ...operands.map((word) => usageError(`unknown argument '${withoutSecrets(word)}'`)),
    ];
  }

  #unknownFlag(word: string): string {
    const secret = this.#all.filter(isSecret).find(({ flag }) => flag === word);
    if (secret === undefined) return usageError(`unknown option '${word}'`);
    return `${word} is not a flag, so that the ${secret.secret} is in no process list: set ${secret.variable}`;
  }
}

/** As the help says it. */
function defaultOf(one: Named): string | undefined {
  if (isSecret(one)) return undefined;
  const standard = one.defaultHelp ?? one.schema.safeParse(undefined).data;
  return standard === undefined ? undefined : String(standard) || "none";
}

/** What a person wrote, without what of a URL may be secret: user and password, and a key in its query. */
const withoutSecrets = (text: string): string =>
  text.replace(/^([a-z]+:\/\/)?.*@/is, "$1***@").replace(/([?#]).+$/s, "$1***");
