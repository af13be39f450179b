import { type Environment, readCertificates, readSecretFile } from "@repo/settings";
import { UsageProblem } from "../failure.ts";
import { type Context, contextNamed, readContexts } from "./contexts.ts";

/** Which queen, and who calls her. */
export interface Access {
  readonly url: string;
  readonly token: string | undefined;
  /** Certificates in PEM, beside those that Node knows. */
  readonly ca: string | undefined;
  readonly caPath: string | undefined;
  /** The name of the context that says so. */
  readonly context: string | undefined;
}

interface AccessFlags {
  readonly url?: string;
  readonly context?: string;
}

export const DEFAULT_URL = "http://127.0.0.1:8500";
const MAX_TOKEN_BYTES = 4_096;

/** Flags win over variables, and these over the context. The token of a context goes to the queen of that context alone. */
export function accessOf(flags: AccessFlags, env: Environment): Access {
  const { name, context } = contextOf(flags, env);
  const url = flags.url ?? (env.QUEEN_URL || undefined) ?? context?.url ?? DEFAULT_URL;
  const own = context !== undefined && isSameQueen(url, context.url) ? context : undefined;
  const caPath = env.QUEEN_CA || own?.ca;
  return {
    url,
    token: tokenOf(env) ?? own?.token,
    caPath,
    ca: caPath === undefined ? undefined : readFile("QUEEN_CA", caPath, () => readCertificates(caPath)),
    context: own === undefined ? undefined : name,
  };
}

function contextOf({ context: asked }: AccessFlags, env: Environment): { name?: string; context?: Context } {
  const stored = readContexts(env);
  if (asked !== undefined) return { name: asked, context: contextNamed(asked, stored) };
  const { current: name, contexts } = stored;
  return name !== undefined && Object.hasOwn(contexts, name) ? { name, context: contextNamed(name, stored) } : {};
}

export const isSameQueen = (url: string, other: string): boolean =>
  URL.canParse(url) && URL.canParse(other) && new URL(url).href === new URL(other).href;

function tokenOf({ QUEEN_TOKEN: token, QUEEN_TOKEN_FILE: path }: Environment): string | undefined {
  if (token && path) throw new UsageProblem("QUEEN_TOKEN and QUEEN_TOKEN_FILE exclude each other");
  if (token) return checkToken("QUEEN_TOKEN", token);
  if (!path) return undefined;
  const text = readFile("QUEEN_TOKEN_FILE", path, () => readSecretFile(path, MAX_TOKEN_BYTES).toString());
  return checkToken(`QUEEN_TOKEN_FILE ${path}:`, text.trim());
}

/** No sentence shows what was given. */
export function checkToken(what: string, token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageProblem(`${what} must be one word of visible characters, as \`queen token create\` printed it`);
}

function readFile(variable: string, path: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    throw new UsageProblem(`${variable} ${path}: ${error instanceof Error ? error.message : error}`);
  }
}
