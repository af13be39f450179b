import { isIP } from "node:net";
import {
  type CommandLineReading,
  type Environment,
  LOG_LEVELS,
  oneOf,
  Settings,
  trueOrFalse,
  type Values,
  wholeNumber,
} from "@repo/settings";
import { Command } from "commander";
import * as z from "zod";
import manifest from "../package.json" with { type: "json" };
import { type QueenAccess, readQueenAccess } from "./queen-access.ts";
import { type Keys, parseServers, readKeys } from "./workers/configured.ts";

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`, "i");
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/** The rule of the queen, too: underscores are taken, and a name of the root of the tree is the same without its dot. */
const host = z
  .string()
  .overwrite((name) => name.replace(/(?<=[^.])\.$/, ""))
  .refine(
    (text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !ENDS_IN_NUMBER.test(text)),
    "must be a host name or an IP address, without scheme or port",
  );

function isQueenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === "";
}

const queenUrl = z
  .string()
  .refine(isQueenUrl, "must be an http or https URL without user, query or fragment, such as http://127.0.0.1:8500")
  .transform((text) => text.replace(/\/+$/, ""));

const servers = z.string().transform((list, context) => {
  const parsed = parseServers(list);
  if (typeof parsed !== "string") return parsed;
  context.issues.push({ code: "custom", input: list, message: parsed });
  return z.NEVER;
});

/** What can be set. Files that are "" are none. */
export const SETTINGS = new Settings(
  "HIVE",
  {
    id: {
      placeholder: "id",
      help: "name of this hive in the queen's catalog",
      schema: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
          "must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit",
        )
        .default("localhost"),
    },
    queen: {
      placeholder: "url",
      help: "where the queen takes heartbeats",
      schema: queenUrl.default("http://127.0.0.1:8500"),
    },
    tokenFile: {
      placeholder: "file",
      help: "file of mode 600 with the token that the queen gave this hive",
      schema: z.string().default(""),
    },
    queenCa: {
      placeholder: "file",
      help: "certificate in PEM that signed the queen's, where it is none that Node knows",
      schema: z.string().default(""),
    },
    host: { placeholder: "host", help: "address to listen on", schema: host.default("127.0.0.1") },
    port: {
      placeholder: "port",
      help: "port to listen on; 0 is any free port, said in the log",
      schema: wholeNumber(0, 65_535).default(8600),
    },
    beatIntervalMs: {
      placeholder: "ms",
      help: "time between heartbeats",
      schema: wholeNumber(100, 3_600_000).default(15_000),
    },
    probeTimeoutMs: {
      placeholder: "ms",
      help: "how long nvidia-smi, or another program that reads GPUs, may take before it is killed; a queen who asks is answered within 3 s",
      schema: wholeNumber(100, 600_000).default(10_000),
    },
    telemetry: {
      placeholder: "bool",
      help: "whether heartbeats tell what GPUs and host do: memory in use, utilisation, temperature, power",
      schema: trueOrFalse.default(true),
    },
    discover: {
      placeholder: "bool",
      help: "whether inference servers of this host are found by their processes",
      schema: trueOrFalse.default(process.platform === "linux"),
      defaultHelp: "true on Linux, else false",
    },
    workers: {
      placeholder: "urls",
      help: "inference servers beside those that are found: vllm=http://127.0.0.1:8000,http://10.0.0.5:9000",
      schema: servers.default([]),
    },
    workerTimeoutMs: {
      placeholder: "ms",
      help: "how long an inference server may take for one answer",
      schema: wholeNumber(100, 5_000).default(2_000),
    },
    workerKeysFile: {
      placeholder: "file",
      help: "file of mode 600 with the keys of inference servers: host:port and a key in each line",
      schema: z.string().default(""),
    },
    advertiseHost: {
      placeholder: "host",
      help: "name or address under which others reach this host's inference servers",
      schema: host.default(""),
      defaultHelp: "the host in the queen's catalog",
    },
    logLevel: {
      placeholder: "level",
      help: `what is logged: ${LOG_LEVELS.join(", ")}`,
      schema: oneOf(LOG_LEVELS).default("info"),
    },
    logFile: {
      placeholder: "path",
      help: "file for the log, kept under 2 MiB, in place of standard output; begun anew when it is removed or renamed",
      schema: z.string().default(""),
    },
    pidFile: {
      placeholder: "path",
      help: "file that notes the process while it listens",
      schema: z.string().default(""),
    },
    token: {
      secret: "token",
      help: "the token that the queen gave this hive, where it is in no file",
      schema: z.string().optional(),
    },
  },
  { default: "default ", given: ", but is ", empty: undefined },
);

/** Settings of the agent, with what is in the files that they name for its queen. */
export type Config = Omit<Values<typeof SETTINGS>, keyof QueenAccess> &
  QueenAccess & {
    readonly workerKeys: Keys;
    /** What the files for its queen say by now; adds a sentence to `problems` for what cannot be used. */
    readonly readAccess: (problems: string[]) => QueenAccess;
    /** Whether to print what a heartbeat would say, in place of sending any; and whether as JSON. */
    readonly once: boolean;
    readonly json: boolean;
  };

const HELP_AFTER = `${SETTINGS.environmentHelp}
Exit codes: 0 stopped by SIGTERM or SIGINT, or printed what --once asks for, 1 could not start, such as a port that is taken, 2 called wrongly or with settings that cannot be used,
130 SIGINT came twice, 143 SIGTERM did.
Example: pnpm hive --id gpu-01 --queen http://queen.example:8500 --host 0.0.0.0`;

/** Reads flags and environment, flags first. */
export function readConfig(argv = process.argv.slice(2), env: Environment = process.env): CommandLineReading<Config> {
  const command = new Command("pnpm hive")
    .description("The hive agent: says which devices this host has, and beats to its queen.")
    .version(manifest.version, "-V, --version", "show the version")
    .option("--once", "print what this host would send, and end")
    .option("--json", "with --once: as JSON, as it does where its output is no terminal")
    .addHelpText("after", HELP_AFTER);
  return SETTINGS.readCommandLine(command, {
    argv,
    env,
    combine: (values, problems) => {
      const readAccess = (found: string[]) => readQueenAccess(values, found);
      return {
        ...readAccess(problems),
        workerKeys: readWorkerKeys(values.workerKeysFile ?? "", problems),
        readAccess,
        once: command.opts().once === true,
        json: command.opts().json === true,
      };
    },
  });
}

function readWorkerKeys(path: string, problems: string[]): Keys {
  try {
    if (path !== "") return readKeys(path);
  } catch (error) {
    problems.push(
      `--worker-keys-file (HIVE_WORKER_KEYS_FILE) ${path}: ${error instanceof Error ? error.message : error}`,
    );
  }
  return new Map();
}
