import { readCertificates, readSecretFile } from "@repo/settings";
import type { Logger } from "pino";

export interface QueenAccess {
  /** This hive's token for the queen; undefined where she asks for none. */
  token: string | undefined;
  /** Certificates in PEM that the queen's may be signed with, besides those that Node knows. */
  queenCa: string | undefined;
}

/** Where it stands; what is undefined was refused before, or is not there. */
interface Sources {
  /** HIVE_TOKEN: from the environment alone, so that it is in no process list. */
  readonly token?: string | undefined;
  /** Paths; "" for none. */
  readonly tokenFile?: string | undefined;
  readonly queenCa?: string | undefined;
  /** URL of the queen. */
  readonly queen?: string | undefined;
}

const TOKEN_FILE = "--token-file (HIVE_TOKEN_FILE)";
const QUEEN_CA = "--queen-ca (HIVE_QUEEN_CA)";
const MAX_TOKEN_BYTES = 4_096;
const TOKEN_RULE = "must be one word of visible characters, as `queen token create` printed it";

/** Reads what the hive needs to get through the queen's door; adds a sentence to `problems` for what cannot be used, never with a token in it. */
export function readQueenAccess(sources: Sources, problems: string[]): QueenAccess {
  const { token, tokenFile = "", queenCa = "", queen } = sources;
  const access: QueenAccess = { token: undefined, queenCa: undefined };
  try {
    if (token !== undefined && tokenFile !== "") throw new Error(`HIVE_TOKEN and ${TOKEN_FILE} exclude each other`);
    if (token !== undefined) access.token = checkToken("HIVE_TOKEN", token);
    if (tokenFile !== "") access.token = readTokenFile(tokenFile);
  } catch (error) {
    problems.push(messageOf(error));
  }
  try {
    if (queenCa !== "" && queen !== undefined) access.queenCa = readCa(queenCa, queen);
  } catch (error) {
    problems.push(`${QUEEN_CA} ${queenCa}: ${messageOf(error)}`);
  }
  return access;
}

/** Reads it anew each time that it is asked. What cannot be used then leaves what was read before, and is said once. */
export function renewedAccess(
  first: QueenAccess,
  read: (problems: string[]) => QueenAccess,
  log: Logger,
): () => QueenAccess {
  let access = first;
  let said = "";
  return () => {
    const problems: string[] = [];
    const anew = read(problems);
    const reason = problems.join("; ");
    access = { token: anew.token ?? access.token, queenCa: anew.queenCa ?? access.queenCa };
    if (reason !== said && reason !== "")
      log.warn({ reason }, "what cannot be read for the queen stays as it was read before");
    said = reason;
    return access;
  };
}

function readTokenFile(path: string): string {
  let text: string;
  try {
    const cure = "chmod 600 it, or, where that cannot be, hand the token over as HIVE_TOKEN";
    text = readSecretFile(path, MAX_TOKEN_BYTES, cure).toString();
  } catch (error) {
    throw new Error(`${TOKEN_FILE} ${path}: ${messageOf(error)}`);
  }
  return checkToken(`${TOKEN_FILE} ${path}:`, text.trim());
}

function checkToken(what: string, token: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${what} ${TOKEN_RULE}`);
  return token;
}

function readCa(path: string, queen: string): string {
  if (!queen.startsWith("https:")) throw new Error("is of no use for a queen that is not at https://");
  return readCertificates(path);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
