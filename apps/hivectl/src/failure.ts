import { QueenNoAnswer, QueenProblem, UnusableArgument } from "@repo/queen-client";

/** Exit codes of every verb: README.md has them all. */
export const EXIT = { done: 0, failed: 1, calledWrongly: 2, someFailed: 3, timeIsUp: 5, interrupted: 130 } as const;

/** Called wrongly, or with settings that cannot be used: exit code 2. */
export class UsageProblem extends Error {
  override readonly name = "UsageProblem";
}

/** Ctrl-C, or whoever ends programs. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Whoever was asked did not agree. */
export class Declined extends Error {
  override readonly name = "Declined";

  constructor() {
    super("nothing was done");
  }
}

/** Whoever read stdout reads no further, as `head` does, or a disk is full. */
export class Unwritable extends Error {
  override readonly name = "Unwritable";
  /** All that was wanted has been read: no failure. */
  readonly isReaderGone: boolean;

  constructor(cause: Error) {
    super(`stdout cannot be written: ${cause.message}`, { cause });
    this.isReaderGone = "code" in cause && cause.code === "EPIPE";
  }
}

type Code = QueenProblem["code"];

const AGAIN_SOON = "try again in a moment";
const ANOTHER = "--url, QUEEN_URL and `hivectl context use` say another";
const NO_SUCH_ROUTE = `who answers is no queen, as an agent of a hive is none, or one older than this: ${ANOTHER}`;
/** What to do about a refusal, where its own sentence does not say it. ID is that of the hive. */
const NEXT: { readonly [C in Code]?: string } = {
  NOT_FOUND: NO_SUCH_ROUTE,
  METHOD_NOT_ALLOWED: NO_SUCH_ROUTE,
  HIVE_NOT_FOUND:
    "`hivectl get hives` lists those that there are, and `hivectl get events ID` says whether it was removed",
  HIVE_ALREADY_EXISTS: "`hivectl describe hive ID` shows it, and `hivectl set ID` changes it",
  TOKEN_NOT_FOUND: "`hivectl token list` shows those that there are",
  LAST_OPERATOR: "make another one of an operator first: `hivectl token create --name NAME --role operator`",
  OPERATION_NOT_FOUND: "`hivectl get operations` lists those that there are",
  OPERATION_IN_PROGRESS: "`hivectl cancel ID` ends it",
  HIVE_NOT_MANAGED: "`hivectl set ID --ssh-host HOST` says where the queen logs in to it",
  HOST_KEY_CHANGED: "if the host was set up anew, and only then: `hivectl host-key forget ID`",
  HIVE_RUNNING: "stop its agent first: `hivectl stop ID`",
  NO_WORKER:
    "`hivectl get workers` lists those that there are, and how they are; an idle one there may be claimed, or just handed out",
  CATALOG_BUSY: AGAIN_SOON,
  STOPPING: AGAIN_SOON,
  TOO_MANY_READERS: AGAIN_SOON,
  CATALOG_OUTCOME_UNKNOWN: "look whether it was done before doing it again",
};

/** How it is written, by the name of what the queen could not read. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ["selector", "as in -l 'rack=r12,env!=prod,zone in (a,b)'"],
  ["gpu", "as in --gpu H100:80GB:8, --gpu nvidia:24GB or --gpu A100,H100:40GB..80GB"],
  ["ram", "as in --ram 256GB or --ram 64GB..128GB"],
  ["cores", "as in --cores 16 or --cores 8..32"],
  ["for", "as in --for 30m, --for 2h or --for 1d12h"],
  ["until", "as in --until 2026-12-01T08:00Z"],
]);

/** Of what breaks its rule. */
const MISUSES: readonly Code[] = ["INVALID_ARGUMENT", "INVALID_HIVE"];

/** Whether what was typed is at fault, and not how things are. */
export const isMisuse = (error: unknown): boolean =>
  error instanceof UsageProblem ||
  error instanceof UnusableArgument ||
  (error instanceof QueenProblem && MISUSES.includes(error.code) && !isOfOtherVersion(error));

/** The queen's words for what hivectl sends and she does not take, yet or any more. */
const UNKNOWN_FIELD = /^is not a known (?:field|query parameter)\b/;
const isOfOtherVersion = ({ errors }: QueenProblem): boolean =>
  errors.some(({ message }) => UNKNOWN_FIELD.test(message));

/** What the caller should know to see what is wrong. */
export interface Caller {
  readonly url: string;
  readonly hasToken: boolean;
}

/** Of an answer that lacks a field, or has it in another form. */
const isOfReading = (error: unknown): error is TypeError | RangeError =>
  (error instanceof TypeError && !(error instanceof UnusableArgument)) || error instanceof RangeError;
const UNREAD_NEXT =
  "is the queen of another version? If she is of this one, it is a fault of hivectl: --verbose says where";

/** What went wrong, a sentence a line: first what, then what to do. `hiveId` is what the call named, if one thing. */
export function sentencesOf(error: unknown, caller: Caller | undefined, hiveId?: string): string[] {
  if (error instanceof QueenProblem) {
    const unsaid = error.errors.filter(({ message }) => !error.detail.includes(message));
    const said = unsaid.map(({ field, message }) => `${field} ${message}`);
    const examples = error.errors.flatMap(({ field }) => EXAMPLES.get(field) ?? []);
    return [`${error.code}: ${error.detail}`, ...said, ...examples, ...nextOf(error, caller, hiveId)];
  }
  if (error instanceof QueenNoAnswer) return [error.message, ...nextWithoutAnswer(error, caller)];
  if (isOfReading(error)) return [`what hivectl had to read is not as it expects: ${error.message}`, UNREAD_NEXT];
  return [error instanceof Error ? error.message : String(error)];
}

/** Where a fault of hivectl itself came from, which a report should say. */
export function stackOf(error: unknown): string[] {
  const isForeseen = [QueenProblem, QueenNoAnswer, UsageProblem, UnusableArgument, Declined, Unwritable].some(
    (kind) => error instanceof kind,
  );
  return isForeseen || !(error instanceof Error) ? [] : (error.stack ?? "").split("\n");
}

/** The queen's words for a request without any. */
const NO_TOKEN_CAME = /^This needs a token\b/;

function nextOf(problem: QueenProblem, caller: Caller | undefined, hiveId?: string): string[] {
  const { code, detail, retryAfterMs } = problem;
  if (code === "UNAUTHENTICATED") {
    if (caller?.hasToken && NO_TOKEN_CAME.test(detail))
      return ["the token was sent and did not reach her: what stands before her takes out the header Authorization"];
    return caller?.hasToken
      ? ["the token is none of this queen, or is revoked: `hivectl login` takes another"]
      : ["log in with `hivectl login`, or set QUEEN_TOKEN_FILE or QUEEN_TOKEN"];
  }
  if (isOfOtherVersion(problem)) return [`is the queen of another version than hivectl? ${ANOTHER}`];
  if (code === "TOO_MANY_REQUESTS" && retryAfterMs !== undefined) return [`try again in ${retryAfterMs / 1000} s`];
  return nextFor(code, hiveId);
}

/** What to do about a refusal of one thing of many. */
export const nextFor = (code: Code, hiveId = "ID"): string[] =>
  [NEXT[code] ?? []].flat().map((next) => next.replaceAll(/\bID\b/g, () => hiveId));

/** What is wrong with a certificate whoever signed it. */
const OF_CERTIFICATES: Record<string, string> = {
  CERT_HAS_EXPIRED: "renew it where the queen runs, and send her SIGHUP, unless the clock here is wrong",
  CERT_NOT_YET_VALID: "look at the clocks here and where the queen runs",
  ERR_TLS_CERT_ALTNAME_INVALID: "call the queen by a name or an address that stands in it: --url, QUEEN_URL",
};

const AUTHORITY = "QUEEN_CA, or --ca of `hivectl login`, names the file with the certificate of its authority";
const CHAIN =
  "where it does, or that authority is one that all know, QUEEN_TLS_CERT lacks the certificates between the two";

const OWN_LOGIN =
  "what stands before the queen asks for a login of its own: who shows a token of hers is to be let past it";
const UNREACHED = "what stands before the queen does not reach her: does she run?";
/** What to do about an answer in her place, by its status. */
const OF_PROXIES: Record<number, string> = {
  ...{ 401: OWN_LOGIN, 403: OWN_LOGIN, 407: OWN_LOGIN },
  ...{ 502: UNREACHED, 503: UNREACHED, 504: UNREACHED },
};

function nextWithoutAnswer({ reason, status, cause }: QueenNoAnswer, caller: Caller | undefined): string[] {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const ofCertificate = OF_CERTIFICATES[code];
  if (ofCertificate !== undefined) return [ofCertificate];
  if (code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE") return [AUTHORITY, CHAIN];
  if (/CERT|SELF_SIGNED|VERIFY/.test(code)) return [AUTHORITY];
  if (code === "EPROTO") return ["where it speaks plain HTTP, its URL begins with http://"];
  if (reason === "timed_out") return ["--timeout gives it longer"];
  const ofProxy = status !== undefined && OF_PROXIES[status];
  if (ofProxy) return [ofProxy];
  return [`is a queen at ${caller?.url ?? "that address"}? ${ANOTHER}`];
}
