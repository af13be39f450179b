import { z } from "zod";
import { recordFields, rule, timeMs } from "./hive.ts";

/** What the catalog keeps beside the hives: cordons, tokens, operations and SSH host keys. */

const RECORD_ID = rule("must be 1 to 128 letters, digits, dots, underscores or hyphens");
const recordId = z.string(RECORD_ID).regex(/^[A-Za-z0-9._-]{1,128}$/, RECORD_ID);
const hiveId = recordFields.id;

/** A text of one line, which can stand in a log or a terminal as it is. */
function line(maxLength: number) {
  const text = rule(`must be 1 to ${maxLength} characters on one line`);
  return z
    .string(text)
    .max(maxLength, text)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, text);
}

/** Any text. What no database holds in one, NUL and halves of characters, becomes U+FFFD. */
function text(maxLength: number) {
  const most = rule(`must be a text of at most ${maxLength} characters`);
  return z
    .string(most)
    .max(maxLength, most)
    .overwrite((value) => value.replaceAll(/[\0\p{Cs}]/gu, "\uFFFD"));
}

function choice<const Choices extends readonly [string, ...string[]]>(choices: Choices) {
  return z.enum(choices, `must be one of ${choices.join(", ")}`);
}

/** An operator's word that a hive gets no new work for now. Without `untilMs` it lasts until it is lifted. */
export const Cordon = z.strictObject({
  hiveId,
  reason: line(500),
  untilMs: timeMs.nullable(),
  createdAtMs: timeMs,
});
export type Cordon = z.infer<typeof Cordon>;

/** What `cordons.set` takes beside the hive's id; `createdAtMs` is now by default. */
export const NewCordon = Cordon.omit({ hiveId: true }).partial({ untilMs: true, createdAtMs: true });
export type NewCordon = z.input<typeof NewCordon>;

/** What a token's bearer may do: everything, read, or beat for the one hive that it belongs to. */
export const TOKEN_ROLES = ["operator", "reader", "hive"] as const;

const HASH = rule("must be a SHA-256 of 64 lowercase hexadecimal digits");
const hash = z.string(HASH).regex(/^[0-9a-f]{64}$/, HASH);

/** A token, without what could be used in its place. */
export const TokenRecord = z.strictObject({
  id: recordId,
  name: line(100),
  role: choice(TOKEN_ROLES),
  /** Of a token of the role `hive` alone. */
  hiveId: hiveId.nullable(),
  createdAtMs: timeMs,
  revokedAtMs: timeMs.nullable(),
});
export type TokenRecord = z.infer<typeof TokenRecord>;

type Owner = { role: string; hiveId?: string | null | undefined };

function checkOwner({ value, issues }: z.core.ParsePayload<Owner>): void {
  const input = value.hiveId ?? null;
  if ((value.role === "hive") === (input !== null)) return;
  const message = input === null ? "is required for a token of the role hive" : "is only for a token of the role hive";
  issues.push({ code: "custom", input, path: ["hiveId"], message });
}

/** A token as it is stored: with its hash, never with what its bearer shows. */
export const StoredToken = TokenRecord.extend({ hash }).check(checkOwner);
export type StoredToken = z.infer<typeof StoredToken>;

/** What `tokens.add` takes; `createdAtMs` is now by default. A whole `StoredToken` will do. */
export const NewToken = TokenRecord.extend({ hash })
  .partial({ hiveId: true, createdAtMs: true, revokedAtMs: true })
  .check(checkOwner);
export type NewToken = z.input<typeof NewToken>;

export const OPERATION_KINDS = ["start", "stop", "restart", "install"] as const;
/** The states in which nothing changes any more. */
const OPERATION_ENDS = ["succeeded", "failed", "cancelled", "interrupted"] as const;
export const OPERATION_STATES = ["running", ...OPERATION_ENDS] as const;

/** What an operation keeps of the output of what it runs, in characters. */
export const MAX_OUTPUT_TAIL = 65_536;
/** The longest detail of a step and problem of an operation, in characters. */
export const MAX_PROBLEM = 16_384;
const MAX_STEPS = 100;

/** One step of an operation. */
export const OperationStep = z.strictObject({
  name: line(100),
  state: choice(["running", "done", "failed", "skipped"]),
  startedAtMs: timeMs,
  endedAtMs: timeMs.nullable(),
  detail: text(MAX_PROBLEM).nullable(),
});
export type OperationStep = z.infer<typeof OperationStep>;

const STEPS = rule(`must be a list of at most ${MAX_STEPS} steps`);

/** Something that is done to a hive, or was. */
export const OperationRecord = z.strictObject({
  id: recordId,
  hiveId,
  kind: choice(OPERATION_KINDS),
  state: choice(OPERATION_STATES),
  /** Who runs it, such as a queen's host and process. */
  owner: line(256),
  steps: z.array(OperationStep, STEPS).max(MAX_STEPS, STEPS),
  outputTail: text(MAX_OUTPUT_TAIL),
  problem: text(MAX_PROBLEM).nullable(),
  createdAtMs: timeMs,
  deadlineMs: timeMs,
  finishedAtMs: timeMs.nullable(),
});
export type OperationRecord = z.infer<typeof OperationRecord>;

/** What `operations.begin` takes. */
export const NewOperation = OperationRecord.pick({ id: true, hiveId: true, kind: true, owner: true, deadlineMs: true });
export type NewOperation = z.input<typeof NewOperation>;

/** What `operations.save` takes beside the id. */
export const OperationProgress = OperationRecord.pick({ steps: true, outputTail: true });
export type OperationProgress = z.input<typeof OperationProgress>;

/** What `operations.finish` takes beside the id. */
export const OperationEnd = z.strictObject({
  state: choice(OPERATION_ENDS),
  problem: OperationRecord.shape.problem.optional(),
});
export type OperationEnd = z.input<typeof OperationEnd>;

const KEY_TYPE = rule("must be the type of a key as known_hosts has it, such as ssh-ed25519");
const PUBLIC_KEY = rule("must be the base64 of a key as known_hosts has it");

/** An SSH host key that an operator confirmed. Host names are kept in lowercase, as known_hosts compares them. */
export const HostKey = z.strictObject({
  host: recordFields.host.toLowerCase(),
  port: recordFields.port,
  keyType: z.string(KEY_TYPE).regex(/^[a-z0-9][a-z0-9@.-]{0,63}$/, KEY_TYPE),
  publicKey: z.base64(PUBLIC_KEY).min(4, PUBLIC_KEY).max(16_384, PUBLIC_KEY),
  pinnedAtMs: timeMs,
});
export type HostKey = z.infer<typeof HostKey>;

/** What `hostKeys.pin` takes; `pinnedAtMs` is now by default. A whole `HostKey` will do. */
export const NewHostKey = HostKey.partial({ pinnedAtMs: true });
export type NewHostKey = z.input<typeof NewHostKey>;

/** Whether a token or an operation can have this id: reads of any other one find nothing. */
export function isRecordId(id: unknown): id is string {
  return recordId.safeParse(id).success;
}
