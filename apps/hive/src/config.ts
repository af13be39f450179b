import { isIP } from "node:net";
import { Command, CommanderError } from "commander";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };
import { type QueenAccess, readQueenAccess } from "./queen-access.ts";

/** Settings of the agent. Times are in milliseconds. */
export interface Config extends QueenAccess {
  /** Address to listen on. */
  host: string;
  /** Port to listen on; 0 means any free port. */
  port: number;
  /** Name of this hive in the queen's catalog. */
  id: string;
  /** Base URL of the queen, without a slash at its end. */
  queen: string;
  beatIntervalMs: number;
  /** How long a program that reads devices may take. */
  probeTimeoutMs: number;
  logLevel: string;
  /** Where the log goes, kept under 2 MiB; "" means standard output. */
  logFile: string;
  /** Where the process id is noted once the agent listens; "" means nowhere. */
  pidFile: string;
}

/** Settings that cannot be used; `problems` has a sentence for each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

function integer(min: number, max: number) {
  const rule = `must be an integer from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(text),
    "must be a host name or an IP address, without scheme or port",
  );

function isQueenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

/** What a person wrote, without the user and password that a URL may have in it. */
const withoutUserInfo = (text: string): string => text.replace(/^([a-z]+:\/\/)?.*@/is, "$1***@");

const queenUrl = z
  .string()
  .refine(isQueenUrl, "must be an http or https URL without user, query or fragment, such as http://127.0.0.1:8500")
  .transform((text) => text.replace(/\/+$/, ""));

const SEE_HELP = "; --help shows what there is";

function unknownArgument(word: string, at: number, words: readonly string[]): string {
  if (/^--token(?:=|$)/.test(word))
    return "--token is not a flag, so that the token is in no process list: set HIVE_TOKEN";
  // It may be the token.
  if (words[at - 1] === "--token") return `unknown argument after --token${SEE_HELP}`;
  return `unknown ${word.startsWith("-") ? "option" : "argument"} '${withoutUserInfo(word)}'${SEE_HELP}`;
}

interface Setting {
  variable: string;
  flag: string;
  default: string;
  about: string;
  schema: z.ZodType<unknown, string>;
}

const SETTINGS = {
  id: {
    variable: "HIVE_ID",
    flag: "--id <id>",
    default: "localhost",
    about: "name of this hive in the queen's catalog",
    schema: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
        "must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
      ),
  },
  queen: {
    variable: "HIVE_QUEEN",
    flag: "--queen <url>",
    default: "http://127.0.0.1:8500",
    about: "where the queen takes heartbeats",
    schema: queenUrl,
  },
  tokenFile: {
    variable: "HIVE_TOKEN_FILE",
    flag: "--token-file <file>",
    default: "",
    about: "file of mode 600 with the token that the queen gave this hive",
    schema: z.string(),
  },
  queenCaFile: {
    variable: "HIVE_QUEEN_CA",
    flag: "--queen-ca <file>",
    default: "",
    about: "certificate in PEM that signed the queen's, where it is none that Node knows",
    schema: z.string(),
  },
  host: {
    variable: "HIVE_HOST",
    flag: "--host <host>",
    default: "127.0.0.1",
    about: "address to listen on",
    schema: host,
  },
  port: {
    variable: "HIVE_PORT",
    flag: "--port <port>",
    default: "8600",
    about: "port to listen on; 0 is any free port, said in the log",
    schema: integer(0, 65_535),
  },
  beatIntervalMs: {
    variable: "HIVE_BEAT_INTERVAL_MS",
    flag: "--beat-interval-ms <ms>",
    default: "15000",
    about: "time between heartbeats",
    schema: integer(100, 3_600_000),
  },
  probeTimeoutMs: {
    variable: "HIVE_PROBE_TIMEOUT_MS",
    flag: "--probe-timeout-ms <ms>",
    default: "5000",
    about: "how long nvidia-smi, or another program that reads devices, may take",
    schema: integer(100, 600_000),
  },
  logLevel: {
    variable: "HIVE_LOG_LEVEL",
    flag: "--log-level <level>",
    default: "info",
    about: `what is logged: ${LOG_LEVELS.join(", ")}`,
    schema: z
      .string()
      .refine((level) => LOG_LEVELS.some((known) => known === level), `must be one of ${LOG_LEVELS.join(", ")}`),
  },
  logFile: {
    variable: "HIVE_LOG_FILE",
    flag: "--log-file <path>",
    default: "",
    about: "file for the log, kept under 2 MiB, in place of standard output",
    schema: z.string(),
  },
  pidFile: {
    variable: "HIVE_PID_FILE",
    flag: "--pid-file <path>",
    default: "",
    about: "file that notes the process while it listens",
    schema: z.string(),
  },
} as const satisfies Record<Exclude<keyof Config, keyof QueenAccess> | "tokenFile" | "queenCaFile", Setting>;

const ConfigFromTexts = z.object({
  id: SETTINGS.id.schema,
  queen: SETTINGS.queen.schema,
  tokenFile: SETTINGS.tokenFile.schema,
  queenCaFile: SETTINGS.queenCaFile.schema,
  host: SETTINGS.host.schema,
  port: SETTINGS.port.schema,
  beatIntervalMs: SETTINGS.beatIntervalMs.schema,
  probeTimeoutMs: SETTINGS.probeTimeoutMs.schema,
  logLevel: SETTINGS.logLevel.schema,
  logFile: SETTINGS.logFile.schema,
  pidFile: SETTINGS.pidFile.schema,
});

const HELP_AFTER = `
Environment:
  A flag wins over its variable, which stands beside it.
  HIVE_TOKEN  the token that the queen gave this hive, where it is in no file; it has no flag, so that it is in no process list

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 could not start, such as a port that is taken, 2 called wrongly or with settings that cannot be used,
130 SIGINT came twice, 143 SIGTERM did.
Example: pnpm hive --id gpu-01 --queen http://queen.example:8500 --host 0.0.0.0`;

function createCommand(): Command {
  const command = new Command("pnpm hive")
    .description("The hive agent: says which devices this host has, and beats to its queen.")
    .version(manifest.version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .addHelpText("after", HELP_AFTER)
    .configureOutput({ writeErr: () => {} })
    .allowUnknownOption()
    .allowExcessArguments()
    .exitOverride();
  for (const setting of Object.values(SETTINGS)) {
    command.option(setting.flag, `${setting.about} (${setting.variable}; default ${setting.default || "none"})`);
  }
  return command;
}

/** The flags that were given, by the name of their setting, and the words that are no flag of ours. */
function parseFlags(argv: readonly string[]): { flags: Record<string, string>; unknown: readonly string[] } {
  const command = createCommand();
  try {
    // `pnpm hive -- --port 0` hands the dashes on.
    command.parse(argv[0] === "--" ? argv.slice(1) : argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) process.exit(0); // --help and --version have printed what they had to
    throw new ConfigError([`${error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ")}${SEE_HELP}`]);
  }
  return { flags: command.opts(), unknown: command.args };
}

/**
 * Reads the settings from flags and environment. Prints and exits with 0 for `--help` and `--version`.
 * @throws ConfigError with every problem at once
 */
export function readConfig(
  argv: readonly string[] = process.argv.slice(2),
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const { flags, unknown } = parseFlags(argv);
  const problems = unknown.map(unknownArgument);
  const texts: Record<string, string> = {};
  for (const [name, { variable, default: usual }] of Object.entries(SETTINGS)) {
    texts[name] = flags[name] ?? env[variable] ?? usual;
  }
  const config = ConfigFromTexts.safeParse(texts);
  for (const [name, { flag, variable }] of Object.entries(SETTINGS)) {
    const issue = config.error?.issues.find(({ path }) => path[0] === name);
    if (issue === undefined) continue;
    const given = JSON.stringify(withoutUserInfo(texts[name] ?? ""));
    problems.push(`${flag.split(" ")[0]} (${variable}) ${issue.message}, but is ${given}`);
  }
  const { tokenFile = "", queenCaFile = "", queen = "" } = texts;
  const access = readQueenAccess({ token: env.HIVE_TOKEN, tokenFile, queenCaFile, queen }, problems);
  if (!config.success || problems.length > 0) throw new ConfigError(problems);
  const { tokenFile: _token, queenCaFile: _ca, ...settings } = config.data;
  return { ...settings, ...access };
}
