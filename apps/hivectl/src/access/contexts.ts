import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type Environment, makeFolders, readSecretFile } from "@repo/settings";
import { UsageProblem } from "../failure.ts";

/** A queen, and how to come in. */
export interface Context {
  readonly url: string;
  readonly token?: string;
  /** The path of a file of certificates. */
  readonly ca?: string;
}

interface Contexts {
  /** The name of the one that counts where nothing else is said. */
  readonly current?: string | undefined;
  readonly contexts: Readonly<Record<string, Context>>;
}

const MAX_BYTES = 1_048_576;

export const contextsPath = (env: Environment): string =>
  join(env.XDG_CONFIG_HOME || join(env.HOME || homeOfUser(), ".config"), "hivectl", "config.json");

/** Without HOME the system knows none of a user who has no entry in /etc/passwd: then there is none, as /dev/null is none. */
function homeOfUser(): string {
  try {
    return homedir();
  } catch {
    return "/dev/null";
  }
}

/** Those that are stored. A file that others may read is refused: its tokens may be known already. */
export function readContexts(env: Environment): Contexts {
  const path = contextsPath(env);
  let text: string;
  try {
    text = readSecretFile(
      path,
      MAX_BYTES,
      "chmod 600 it, and revoke the tokens in it if others may have seen them",
    ).toString();
  } catch (error) {
    // The home of who runs a service is often none, or /dev/null.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) {
      return { contexts: {} };
    }
    throw new UsageProblem(`${path}: ${error instanceof Error ? error.message : error}`);
  }
  const stored = parse(text);
  if (!isContexts(stored)) throw new UsageProblem(`${path} is none of hivectl: move it away, and log in again`);
  return stored;
}

export function contextNamed(name: string, { contexts }: Contexts): Context {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context !== undefined) return context;
  throw new UsageProblem(`there is no context ${name}; \`hivectl context list\` shows those that there are`);
}

/** Stores them in place of those that are there: whole or not at all, and from the first moment on for the owner alone. */
export function writeContexts(env: Environment, contexts: Contexts): void {
  const path = contextsPath(env);
  try {
    replace(path, `${JSON.stringify(contexts, null, 2)}\n`);
  } catch (error) {
    throw new Error(`${path} cannot be written: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function replace(path: string, text: string): void {
  makeFolders(dirname(path));
  const workshop = mkdtempSync(join(dirname(path), ".config-"));
  try {
    const made = join(workshop, "config.json");
    writeFileSync(made, text, { mode: 0o600 });
    chmodSync(made, 0o600);
    renameSync(made, path);
  } finally {
    rmSync(workshop, { recursive: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === "string";

function isContexts(value: unknown): value is Contexts {
  if (!isRecord(value) || !isTextOrNone(value.current) || !isRecord(value.contexts)) return false;
  return Object.values(value.contexts).every(
    (one) => isRecord(one) && typeof one.url === "string" && isTextOrNone(one.token) && isTextOrNone(one.ca),
  );
}
