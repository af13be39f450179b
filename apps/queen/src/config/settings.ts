import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { isHost } from "@repo/hive-catalog/record";
import { LOG_LEVELS, oneOf, Settings, trueOrFalse, type Values, wholeNumber } from "@repo/settings";
import * as z from "zod";
import { reasonOf } from "../process/errors.ts";
import { AllowedHosts } from "../reach/allowed-hosts.ts";

/** From the working folder, as every path: `pnpm` runs in the repository's. */
const DEFAULT_DATABASE = "data/hives.db";
/** setTimeout knows no longer one. */
const MAX_INTERVAL_MS = 2_147_483_647;

const perSecond = wholeNumber(1, 1_000_000, "a whole number of requests a second");
const connections = wholeNumber(1, 1_000_000, "a whole number of connections");
const milliseconds = wholeNumber(1, MAX_INTERVAL_MS, "a whole number of milliseconds");
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
    context.issues.push({ code: "custom", input: text, message: reasonOf(error) });
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
  .refine(isReadable, "must be a file that can be read")
  .transform((path) => resolve(path));

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const ms = (help: string, defaultMs: number) => ({ placeholder: "ms", help, schema: milliseconds.default(defaultMs) });
const file = (help: string, defaultHelp: string) => ({
  placeholder: "file",
  help,
  schema: readableFile.optional(),
  defaultHelp,
});

const catalog = {
  database: {
    placeholder: "path or URL",
    help: "where the catalog is: a file, or a libSQL server",
    schema: z.string().default(DEFAULT_DATABASE),
    defaultHelp: "data/hives.db in the working folder",
  },
  migrate: {
    placeholder: "true|false",
    help: "whether to bring the catalog's tables up to date when it is opened",
    schema: trueOrFalse.default(true),
  },
  databaseAuthToken: {
    secret: "token",
    help: "token of a database server",
    schema: z.string().min(1, "is empty: unset it when there is no token").optional(),
  },
};

const limits = {
  tokenRequestsPerSecond: {
    placeholder: "number",
    help: "requests a second for each token",
    schema: perSecond.default(500),
  },
  addressRequestsPerSecond: {
    placeholder: "number",
    help: "requests a second without a valid token, for each address",
    schema: perSecond.optional(),
    defaultHelp: "100; no limit while no token is needed",
  },
  maxConnections: { placeholder: "number", help: "connections in all", schema: connections.default(20_000) },
  maxConnectionsPerAddress: {
    placeholder: "number",
    help: "connections from one address over which no request was let in yet",
    schema: connections.default(2000),
  },
};

/** What callers need to reach her and to show who they are: `pnpm start` and hivectl read it, and the queen does not. */
const OTHER_VARIABLES = ["QUEEN_URL", "QUEEN_TOKEN", "QUEEN_TOKEN_FILE", "QUEEN_CA"];

const declarations = {
  host: {
    placeholder: "address",
    help: "address to listen on",
    schema: z.string().refine(isHost, "must be a host name, an IPv4 or an IPv6 address").default("127.0.0.1"),
  },
  port: {
    placeholder: "number",
    help: "port to listen on; 0 means any free one",
    schema: wholeNumber(0, 65_535, "a port").default(8500),
  },
  database: catalog.database,
  healthIntervalMs: ms("time from one round of health checks to the next", 30_000),
  staleAfterMs: ms("age from which a heartbeat no longer shows that a hive is online", 60_000),
  massFailureShare: {
    placeholder: "share",
    help: "when more than this share of the online hives goes missing at once, none is marked offline for a while; 1 switches that off",
    schema: share.default(1 / 3),
    defaultHelp: "1/3",
  },
  massFailureMin: {
    placeholder: "hives",
    help: "and at least so many hives",
    schema: wholeNumber(1, 1_000_000, "a number of hives").default(3),
  },
  massFailureHoldMs: ms("for how long at most", 300_000),
  flapChanges: {
    placeholder: "number",
    help: "a hive that goes on and off more often than this within the window gets no new work for a while",
    schema: wholeNumber(1, 50, "a number of changes").default(4),
  },
  flapWindowMs: ms("that window", 600_000),
  probationMs: ms("how long such a hive must be steady before it gets work; doubles up to 16 times as long", 120_000),
  allowedHosts: {
    placeholder: "list",
    help: "addresses, CIDRs and host names that the queen may contact, comma-separated",
    schema: allowedHosts.default(() => AllowedHosts.everywhere()),
    defaultHelp: "all but link-local and metadata addresses",
  },
  migrate: catalog.migrate,
  metricsByHive: {
    placeholder: "true|false",
    help: "whether /metrics has series of each single hive",
    schema: trueOrFalse.default(false),
  },
  publicUrl: {
    placeholder: "url",
    help: "where hives reach this queen; needed to install agents over SSH",
    schema: publicUrl.optional(),
    defaultHelp: "none",
  },
  publicCa: file("certificates of the authority that hives need to trust for that URL, in PEM", "none"),
  sshIdentity: file("private key to log in to hives with", "those that ssh finds itself"),
  sshKnownHosts: file("host keys to trust beside those that an operator confirmed here", "none"),
  tlsCert: {
    placeholder: "file",
    help: "certificate and its chain, in PEM, for HTTPS; read anew on SIGHUP and once an hour",
    schema: z.string().optional(),
    defaultHelp: "plain HTTP",
  },
  tlsKey: { placeholder: "file", help: "private key of that certificate, in PEM", schema: z.string().optional() },
  ...limits,
  logLevel: { placeholder: "level", help: LOG_LEVELS.join(", "), schema: oneOf(LOG_LEVELS).default("info") },
  databaseAuthToken: catalog.databaseAuthToken,
};
export const SETTINGS = new Settings("QUEEN", declarations, { otherVariables: OTHER_VARIABLES });

/** What a command that only opens the catalog needs. */
export const CATALOG_SETTINGS = new Settings("QUEEN", catalog, {
  otherVariables: [...OTHER_VARIABLES, ...SETTINGS.variables.map(({ variable }) => variable)],
});

const LIMIT_SETTINGS = new Settings("QUEEN", limits);
export type Limits = Values<typeof LIMIT_SETTINGS>;
export const DEFAULT_LIMITS: Limits = LIMIT_SETTINGS.defaults;
