import { Command, CommanderError } from "commander";
import type { z } from "zod";
import manifest from "../../package.json" with { type: "json" };
import type { LivenessSettings } from "../fleet/liveness/liveness.ts";
import type { AllowedHosts } from "../reach/allowed-hosts.ts";
import type { LifecycleSettings } from "./lifecycle-settings.ts";
import { DEFAULT_DATABASE, type Limits, type LOG_LEVELS, SETTINGS, type Setting } from "./settings.ts";

/** The settings of the queen, checked. */
export interface Config extends LivenessSettings {
  /** Address to listen on, and its port; 0 means any free one. */
  readonly host: string;
  readonly port: number;
  /** A path or URL for HiveCatalog.open. */
  readonly database: string;
  readonly databaseAuthToken: string | undefined;
  readonly allowedHosts: AllowedHosts;
  readonly migrate: boolean;
  /** Whether `/metrics` has series of each single hive. */
  readonly metricsByHive: boolean;
  readonly lifecycle: LifecycleSettings;
  /** The files of the certificate and its key, in PEM; undefined for plain HTTP. */
  readonly tlsFiles: TlsFiles | undefined;
  readonly limits: Limits;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** The command `queen token …`: its arguments, and where the catalog is if they do not say. */
export interface TokenCommand {
  readonly argv: readonly string[];
  readonly database: string;
  readonly databaseAuthToken: string | undefined;
  readonly migrate: boolean;
}

/** What the command line asks for: to run, to do something with tokens, to print help or the version, or nothing that can be done. */
export type ConfigResult =
  | { config: Config }
  | { tokenCommand: TokenCommand }
  | { print: string }
  | { problems: string[] };

const AUTH_TOKEN_VARIABLE = "QUEEN_DATABASE_AUTH_TOKEN";

const HELP_AFTER = `
pnpm queen token create, list, revoke and prune manage the tokens of callers: pnpm queen token --help

Environment:
  A flag wins over its variable, which stands beside it.
  ${AUTH_TOKEN_VARIABLE}  token of a database server; it has no flag, so that it is in no process list

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed to start or to stop in good order, 2 called wrongly or with settings that cannot be used.
Example: pnpm queen --port 8500 --database /var/lib/queen/hives.db
`;

/** Reads flags and environment, flags first. Nothing else in the queen looks at either. */
export function readConfig(argv = process.argv.slice(2), env: NodeJS.ProcessEnv = process.env): ConfigResult {
  const command = commandLine();
  // `pnpm queen -- --port 0` hands the dashes on.
  const given = argv[0] === "--" ? argv.slice(1) : argv;
  if (given[0] === "token") return readTokenCommand(given.slice(1), env);
  const { flags, asks, problems } = readFlags(command, given);
  if (asks === "help") return { print: command.helpInformation() + HELP_AFTER };
  if (asks === "version") return { print: `${manifest.version}\n` };

  const read = <Schema extends z.ZodType>(name: string, { flag, variable, schema }: Setting & { schema: Schema }) => {
    const given = flags[name] ?? env[variable];
    const parsed = given === "" ? EMPTY : schema.safeParse(given);
    if (!parsed.success)
      problems.push(...parsed.error.issues.map(({ message }) => problem(flag, variable, given, message)));
    return parsed.data as z.output<Schema>;
  };
  const databaseAuthToken = env[AUTH_TOKEN_VARIABLE];
  const cert = read("tlsCert", SETTINGS.tlsCert);
  const key = read("tlsKey", SETTINGS.tlsKey);
  if ((cert === undefined) !== (key === undefined)) problems.push(halfOfTls(cert === undefined ? "cert" : "key"));
  const config: Config = {
    host: read("host", SETTINGS.host),
    port: read("port", SETTINGS.port),
    database: read("database", SETTINGS.database),
    databaseAuthToken,
    healthIntervalMs: read("healthIntervalMs", SETTINGS.healthIntervalMs),
    staleAfterMs: read("staleAfterMs", SETTINGS.staleAfterMs),
    massFailureShare: read("massFailureShare", SETTINGS.massFailureShare),
    massFailureMin: read("massFailureMin", SETTINGS.massFailureMin),
    massFailureHoldMs: read("massFailureHoldMs", SETTINGS.massFailureHoldMs),
    flapChanges: read("flapChanges", SETTINGS.flapChanges),
    flapWindowMs: read("flapWindowMs", SETTINGS.flapWindowMs),
    probationMs: read("probationMs", SETTINGS.probationMs),
    allowedHosts: read("allowedHosts", SETTINGS.allowedHosts),
    migrate: read("migrate", SETTINGS.migrate),
    metricsByHive: read("metricsByHive", SETTINGS.metricsByHive),
    lifecycle: {
      publicUrl: read("publicUrl", SETTINGS.publicUrl),
      publicCa: read("publicCa", SETTINGS.publicCa),
      ssh: {
        identity: read("sshIdentity", SETTINGS.sshIdentity),
        knownHosts: read("sshKnownHosts", SETTINGS.sshKnownHosts),
      },
      programEnv: programEnvironment(env),
    },
    tlsFiles: cert !== undefined && key !== undefined ? { cert, key } : undefined,
    limits: {
      tokenRequestsPerSecond: read("tokenRequestsPerSecond", SETTINGS.tokenRequestsPerSecond),
      addressRequestsPerSecond: read("addressRequestsPerSecond", SETTINGS.addressRequestsPerSecond),
      maxConnections: read("maxConnections", SETTINGS.maxConnections),
      maxConnectionsPerAddress: read("maxConnectionsPerAddress", SETTINGS.maxConnectionsPerAddress),
    },
    logLevel: read("logLevel", SETTINGS.logLevel),
  };
  if (databaseAuthToken === "") problems.push(EMPTY_AUTH_TOKEN);
  return problems.length > 0 ? { problems } : { config };
}

const PROGRAM_VARIABLES = ["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK"];

/** What ssh and a local agent need of the environment: no setting of the queen, and so no secret, is in it. */
function programEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const taken = PROGRAM_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(taken), LC_ALL: "C" };
}

function readTokenCommand(argv: readonly string[], env: NodeJS.ProcessEnv): ConfigResult {
  const { QUEEN_DATABASE: database = DEFAULT_DATABASE, [AUTH_TOKEN_VARIABLE]: databaseAuthToken } = env;
  if (databaseAuthToken === "") return { problems: [EMPTY_AUTH_TOKEN] };
  return { tokenCommand: { argv, database, databaseAuthToken, migrate: env.QUEEN_MIGRATE !== "false" } };
}

const halfOfTls = (missing: "cert" | "key"): string =>
  `--tls-${missing} (QUEEN_TLS_${missing.toUpperCase()}) is missing: a certificate and its key are needed together`;

const EMPTY_AUTH_TOKEN = `${AUTH_TOKEN_VARIABLE} is empty: unset it when there is no token`;
const EMPTY = {
  success: false,
  data: undefined,
  error: { issues: [{ message: "must not be empty: leave it out for the default" }] },
} as const;

const problem = (flag: string, variable: string, given: string | undefined, message: string): string =>
  `${flag} (${variable}) ${message}; got ${JSON.stringify(given)}`;

/** What is wrong with a command line, as commander says it, in one line that points to the help. */
const usageError = (text: string): string =>
  `${text
    .replace(/^error: /, "")
    .trim()
    .replace(/\.$/, "")
    .replace(/\s*\n\s*/g, " ")}; --help shows what there is`;

/** Has a command, and those that are added to it later, say such lines as the program `name` does. */
export const withUsageErrors = (name: string, command: Command): Command =>
  command.configureOutput({ outputError: (text, write) => write(`${name}: ${usageError(text)}\n`) });

function commandLine(): Command {
  const command = new Command("pnpm queen")
    .description("Keeps the catalog of a fleet of hives, takes their heartbeats and checks their health.")
    .helpOption("-h, --help", "show this help")
    .option("-V, --version", "show the version")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const setting of Object.values(SETTINGS)) {
    command.option(`${setting.flag} <${setting.placeholder}>`, helpOf(setting));
  }
  return command;
}

const helpOf = ({ help, variable }: Setting): string =>
  help.includes("(default: ") ? help.replace("(default: ", `(${variable}; default: `) : `${help} (${variable})`;

interface Flags {
  flags: Record<string, string | undefined>;
  asks: "help" | "version" | undefined;
  problems: string[];
}

function readFlags(command: Command, argv: readonly string[]): Flags {
  const problems: string[] = [];
  let asks: Flags["asks"];
  try {
    const { operands, unknown } = command.parseOptions([...argv]);
    if (unknown.includes("--help") || unknown.includes("-h")) asks = "help";
    else if (command.getOptionValue("version") === true) asks = "version";
    // What follows a flag that is not known may be its value, and a secret.
    for (const text of unknown) if (text.startsWith("-")) problems.push(unknownFlag(text.split("=", 1)[0] ?? text));
    for (const text of operands) problems.push(usageError(`unknown argument '${text}'`));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    problems.push(usageError(error.message));
  }
  return { flags: command.opts(), asks, problems };
}

const unknownFlag = (flag: string): string =>
  flag === "--database-auth-token"
    ? `${flag} is not a flag, so that the token is in no process list: set ${AUTH_TOKEN_VARIABLE}`
    : usageError(`unknown option '${flag}'`);
