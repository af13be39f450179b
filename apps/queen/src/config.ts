import { accessSync, constants, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isHost } from "@repo/hive-catalog/record";
import { Command, CommanderError } from "commander";
import { z } from "zod";
import { AllowedHosts } from "./allowed-hosts.ts";
import type { LifecycleSettings } from "./lifecycle/settings.ts";
import type { LivenessSettings } from "./liveness/liveness.ts";

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

/** What callers may take. */
export interface Limits {
  /** For each token. */
  readonly tokenRequestsPerSecond: number;
  /** For what comes without a valid token, by address. undefined: 100, and no limit while no token is needed. */
  readonly addressRequestsPerSecond: number | undefined;
  readonly maxConnections: number;
  /** Of those from one address over which no request was let in yet. */
  readonly maxConnectionsPerAddress: number;
}

export const DEFAULT_LIMITS: Limits = {
  tokenRequestsPerSecond: 500,
  addressRequestsPerSecond: undefined,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 2000,
};

/** A setting that shows to be wrong only when it is used; the message names it. */
export class SettingError extends Error {
  override readonly name = "SettingError";
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

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const REPOSITORY_ROOT = new URL("../../../", import.meta.url);
const DEFAULT_DATABASE = fileURLToPath(new URL("data/hives.db", REPOSITORY_ROOT));
/** setTimeout knows no longer one. */
const MAX_INTERVAL_MS = 2_147_483_647;

const wholeNumber = (min: number, max: number, what: string) => {
  const rule = `must be ${what}, from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, { error: rule, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
};
const perSecond = wholeNumber(1, 1_000_000, "a whole number of requests a second");
const connections = wholeNumber(1, 1_000_000, "a whole number of connections");
const milliseconds = wholeNumber(1, MAX_INTERVAL_MS, "a whole number of milliseconds");

const trueOrFalse = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");
const SHARE_RULE = "must be a share from 0 to 1, such as 0.25 or 1/3";
const share = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,9})?(?:\/[1-9]\d{0,8})?$/, { error: SHARE_RULE, abort: true })
  .transform((text) => {
    const [part = 0, whole = 1] = text.split("/").map(Number);
    return part / whole;
  })
  .refine((value) => value <= 1, SHARE_RULE);

const allowedHosts = z.string().transform((text, context) => {
  try {
    return AllowedHosts.parse(text);
  } catch (error) {
    context.issues.push({
      code: "custom",
      input: text,
      message: error instanceof Error ? error.message : String(error),
    });
    return z.NEVER;
  }
});

const PUBLIC_URL = /^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/;
const publicUrl = z
  .string()
  .refine(
    (text) => PUBLIC_URL.test(text) && URL.canParse(text),
    "must be an http or https URL without user, query or fragment, such as https://queen.example:8500",
  )
  .transform((text) => text.replace(/\/+$/, ""));

/** ssh reads quotes and percent signs in the names of files. */
const readableFile = z
  .string()
  .regex(/^[^"%\n]+$/, { error: "must be the name of a file, without double quotes and percent signs", abort: true })
  .transform((path) => resolve(path))
  .refine(isReadable, "must be a file that can be read");

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

interface Setting {
  readonly flag: string;
  readonly variable: string;
  readonly placeholder: string;
  readonly help: string;
  readonly schema: z.ZodType;
}

const setting = <Schema extends z.ZodType>(flag: string, placeholder: string, help: string, schema: Schema) => ({
  flag: `--${flag}`,
  variable: `QUEEN_${flag.toUpperCase().replaceAll("-", "_")}`,
  placeholder,
  help,
  schema,
});

const SETTINGS = {
  host: setting(
    "host",
    "address",
    "address to listen on (default: 127.0.0.1)",
    z.string().refine(isHost, "must be a host name, an IPv4 or an IPv6 address").default("127.0.0.1"),
  ),
  port: setting(
    "port",
    "number",
    "port to listen on; 0 means any free one (default: 8500)",
    wholeNumber(0, 65_535, "a port").default(8500),
  ),
  database: setting(
    "database",
    "path or URL",
    "where the catalog is: a file, or a libSQL server (default: data/hives.db in the repository)",
    z.string().default(DEFAULT_DATABASE),
  ),
  healthIntervalMs: setting(
    "health-interval-ms",
    "ms",
    "time from one round of health checks to the next (default: 30000)",
    milliseconds.default(30_000),
  ),
  staleAfterMs: setting(
    "stale-after-ms",
    "ms",
    "age from which a heartbeat no longer shows that a hive is online (default: 60000)",
    milliseconds.default(60_000),
  ),
  massFailureShare: setting(
    "mass-failure-share",
    "share",
    "when more than this share of the online hives goes missing at once, none is marked offline for a while; 1 switches that off (default: 1/3)",
    share.default(1 / 3),
  ),
  massFailureMin: setting(
    "mass-failure-min",
    "hives",
    "and at least so many hives (default: 3)",
    wholeNumber(1, 1_000_000, "a number of hives").default(3),
  ),
  massFailureHoldMs: setting(
    "mass-failure-hold-ms",
    "ms",
    "for how long at most (default: 300000)",
    milliseconds.default(300_000),
  ),
  flapChanges: setting(
    "flap-changes",
    "number",
    "a hive that goes on and off more often than this within the window gets no new work for a while (default: 4)",
    wholeNumber(1, 50, "a number of changes").default(4),
  ),
  flapWindowMs: setting("flap-window-ms", "ms", "that window (default: 600000)", milliseconds.default(600_000)),
  probationMs: setting(
    "probation-ms",
    "ms",
    "how long such a hive must be steady before it gets work; doubles up to 16 times as long (default: 120000)",
    milliseconds.default(120_000),
  ),
  allowedHosts: setting(
    "allowed-hosts",
    "list",
    "addresses, CIDRs and host names that the queen may contact, comma-separated (default: all but link-local and metadata addresses)",
    allowedHosts.default(() => AllowedHosts.everywhere()),
  ),
  migrate: setting(
    "migrate",
    "true|false",
    "whether to bring the catalog's tables up to date when it is opened (default: true)",
    trueOrFalse.default(true),
  ),
  metricsByHive: setting(
    "metrics-by-hive",
    "true|false",
    "whether /metrics has series of each single hive (default: false)",
    trueOrFalse.default(false),
  ),
  publicUrl: setting(
    "public-url",
    "url",
    "where hives reach this queen; needed to install agents over SSH (default: none)",
    publicUrl.optional(),
  ),
  publicCa: setting(
    "public-ca",
    "file",
    "certificates of the authority that hives need to trust for that URL, in PEM (default: none)",
    readableFile.optional(),
  ),
  sshIdentity: setting(
    "ssh-identity",
    "file",
    "private key to log in to hives with (default: those that ssh finds itself)",
    readableFile.optional(),
  ),
  sshKnownHosts: setting(
    "ssh-known-hosts",
    "file",
    "host keys to trust beside those that an operator confirmed here (default: none)",
    readableFile.optional(),
  ),
  tlsCert: setting(
    "tls-cert",
    "file",
    "certificate and its chain, in PEM, for HTTPS; read anew on SIGHUP (default: plain HTTP)",
    z.string().optional(),
  ),
  tlsKey: setting("tls-key", "file", "private key of that certificate, in PEM", z.string().optional()),
  tokenRequestsPerSecond: setting(
    "token-requests-per-second",
    "number",
    "requests a second for each token (default: 500)",
    perSecond.default(DEFAULT_LIMITS.tokenRequestsPerSecond),
  ),
  addressRequestsPerSecond: setting(
    "address-requests-per-second",
    "number",
    "requests a second without a valid token, for each address (default: 100; no limit while no token is needed)",
    perSecond.optional(),
  ),
  maxConnections: setting(
    "max-connections",
    "number",
    "connections in all (default: 20000)",
    connections.default(DEFAULT_LIMITS.maxConnections),
  ),
  maxConnectionsPerAddress: setting(
    "max-connections-per-address",
    "number",
    "connections from one address over which no request was let in yet (default: 2000)",
    connections.default(DEFAULT_LIMITS.maxConnectionsPerAddress),
  ),
  logLevel: setting(
    "log-level",
    "level",
    `${LOG_LEVELS.join(", ")} (default: info)`,
    z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
  ),
} satisfies Record<string, Setting>;

const AUTH_TOKEN_VARIABLE = "QUEEN_DATABASE_AUTH_TOKEN";

const HELP_AFTER = `
Each flag can be given in the environment too: --stale-after-ms as QUEEN_STALE_AFTER_MS. A flag wins.
The token of a database server is read from ${AUTH_TOKEN_VARIABLE} alone.

queen token create, list and revoke manage the tokens of callers: queen token --help
`;

/** Reads flags and environment, flags first. Nothing else in the queen looks at either. */
export function readConfig(argv = process.argv.slice(2), env: NodeJS.ProcessEnv = process.env): ConfigResult {
  const command = commandLine();
  // `pnpm queen -- --port 0` hands the dashes on.
  const given = argv[0] === "--" ? argv.slice(1) : argv;
  if (given[0] === "token") return readTokenCommand(given.slice(1), env);
  const { flags, asks, problems } = readFlags(command, given);
  if (asks === "help") return { print: command.helpInformation() + HELP_AFTER };
  if (asks === "version") return { print: `${readVersion()}\n` };

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

function readVersion(): string {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")));
  return version;
}

function commandLine(): Command {
  const command = new Command("queen")
    .description("Keeps the catalog of a fleet of hives, takes their heartbeats and checks their health.")
    .helpOption("-h, --help", "show this help")
    .option("-V, --version", "show the version")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const { flag, placeholder, help } of Object.values(SETTINGS)) command.option(`${flag} <${placeholder}>`, help);
  return command;
}

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
    for (const text of operands) problems.push(`${JSON.stringify(text)} is not a flag; flags begin with --`);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    problems.push(error.message.replace(/^error: /, ""));
  }
  return { flags: command.opts(), asks, problems };
}

const unknownFlag = (flag: string): string =>
  flag === "--database-auth-token"
    ? `${flag} is not a flag, so that the token is in no process list: set ${AUTH_TOKEN_VARIABLE}`
    : `${flag} is not a flag of queen; --help shows them all`;
