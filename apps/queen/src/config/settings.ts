import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { isHost } from "@repo/hive-catalog/record";
import { z } from "zod";
import { AllowedHosts } from "../reach/allowed-hosts.ts";

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

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
/** From the working folder, as every path: `pnpm` runs in the repository's. */
export const DEFAULT_DATABASE = "data/hives.db";
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

export interface Setting {
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

/** What can be set: by which flag and variable, and by which rule. `config.ts` reads them. */
export const SETTINGS = {
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
    "where the catalog is: a file, or a libSQL server (default: data/hives.db in the working folder)",
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
