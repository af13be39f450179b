import type { Environment, Values } from "@repo/settings";
import { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { CATALOG_SETTINGS, SETTINGS } from "./settings.ts";

type Given = Values<typeof SETTINGS>;

export type Config = ReturnType<typeof configOf>;

/** The command `queen token …`: its arguments, and where the catalog is if they do not say. */
export interface TokenCommand extends Values<typeof CATALOG_SETTINGS> {
  readonly argv: readonly string[];
  readonly warnings: readonly string[];
}

/** What the command line asks for: to run, to do something with tokens, to print help or the version, or nothing that can be done. */
type ConfigResult =
  | { config: Config; warnings: string[] }
  | { tokenCommand: TokenCommand }
  | { print: string }
  | { problems: string[] };

const HELP_AFTER = `
pnpm queen token create, list, revoke and prune manage the tokens of callers: pnpm queen token --help
${SETTINGS.environmentHelp}
Exit codes: 0 stopped by SIGTERM or SIGINT, 1 failed to start or to stop in good order, 2 called wrongly or with settings that cannot be used.
Example: pnpm queen --port 8500 --database /var/lib/queen/hives.db`;

/** Reads flags and environment, flags first. Nothing else in the queen looks at either. */
export function readConfig(argv = process.argv.slice(2), env: Environment = process.env): ConfigResult {
  // `pnpm queen -- token list` hands the dashes on.
  const given = argv[0] === "--" ? argv.slice(1) : argv;
  if (given[0] === "token") return readTokenCommand(given.slice(1), env);
  const command = new Command("pnpm queen")
    .description("Keeps the catalog of a fleet of hives, takes their heartbeats and checks their health.")
    .version(manifest.version, "-V, --version", "show the version")
    .addHelpText("after", HELP_AFTER);
  const reading = SETTINGS.readCommandLine(command, { argv: given, env, combine: tlsFilesOf });
  return "values" in reading ? { config: configOf(reading.values, env), warnings: reading.warnings } : reading;
}

function configOf({ tlsFiles, ...given }: Given & ReturnType<typeof tlsFilesOf>, env: Environment) {
  const { tlsCert: _cert, tlsKey: _key, publicUrl, publicCa, sshIdentity, sshKnownHosts, ...others } = given;
  const { tokenRequestsPerSecond, addressRequestsPerSecond, maxConnections, maxConnectionsPerAddress, ...flat } =
    others;
  return {
    ...flat,
    /** undefined for plain HTTP. */
    tlsFiles,
    lifecycle: {
      publicUrl,
      publicCa,
      ssh: { identity: sshIdentity, knownHosts: sshKnownHosts },
      programEnv: programEnvironment(env),
    },
    limits: { tokenRequestsPerSecond, addressRequestsPerSecond, maxConnections, maxConnectionsPerAddress },
  };
}

const PROGRAM_VARIABLES = ["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK"];

/** What ssh and a local agent need of the environment: no setting of the queen, and so no secret, is in it. */
function programEnvironment(env: Environment): Record<string, string> {
  const taken = PROGRAM_VARIABLES.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(taken), LC_ALL: "C" };
}

function readTokenCommand(argv: readonly string[], env: Environment): ConfigResult {
  const reading = CATALOG_SETTINGS.read({ env });
  return "values" in reading ? { tokenCommand: { argv, ...reading.values, warnings: reading.warnings } } : reading;
}

function tlsFilesOf({ tlsCert: cert, tlsKey: key }: Partial<Given>, problems: string[]) {
  if ((cert === undefined) !== (key === undefined)) problems.push(halfOfTls(cert === undefined ? "cert" : "key"));
  return { tlsFiles: cert === undefined || key === undefined ? undefined : { cert, key } };
}

const halfOfTls = (missing: "cert" | "key"): string =>
  `--tls-${missing} (QUEEN_TLS_${missing.toUpperCase()}) is missing: a certificate and its key are needed together`;
