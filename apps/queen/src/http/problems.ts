import type { HiveCatalogErrorCode } from "@repo/hive-catalog";
import * as z from "zod";
import type { ListErrorCode } from "../fleet/lists/errors.ts";
import { OBSTACLES } from "../fleet/workers/why-no-worker.ts";
import type { LifecycleErrorCode } from "../lifecycle/errors.ts";
import type { ProbeError } from "../reach/probe.ts";
import { count, countOfEach } from "./count-fields.ts";

type Code = HiveCatalogErrorCode | ListErrorCode | LifecycleErrorCode | ProbeError["code"];
type StatusAndMeaning = readonly [status: number, meaning: string];

export const PROBLEMS = {
  BAD_REQUEST: [400, "The request is not valid HTTP, or its path is not a valid URL"],
  INVALID_JSON: [400, "The body is missing or is not JSON"],
  UNAUTHENTICATED: [
    401,
    "There is no token, or it is not one of this queen's, has expired, or was revoked; or a session has ended",
  ],
  FORBIDDEN: [
    403,
    "The token may not do this, or a session may not without its key, or a page of another site may not ask for it",
  ],
  NO_WORKER: [404, "No online hive has an idle, healthy worker with room for the model: see `hives`"],
  CLAIM_NOT_FOUND: [404, "There is no claim of this id that the caller made, or it has ended"],
  SESSION_NOT_FOUND: [404, "The caller shows no cookie of a session"],
  TOKEN_NOT_FOUND: [404, "No token of this id is in force"],
  NOT_FOUND: [404, "There is nothing at this path"],
  METHOD_NOT_ALLOWED: [405, "The path takes other methods: see Allow"],
  DOOR_OPEN: [409, "Nobody has to log in while the queen lets everybody on her machine in"],
  LAST_OPERATOR: [
    409,
    "The token is the last one of an operator, and nobody could come in over the network without it",
  ],
  OPERATOR_FIRST: [
    409,
    "The token would lock the door of a queen that is open, and nobody could come in as an operator for good",
  ],
  NOTHING_HELD_BACK: [409, "No mark as offline is held back, so there is nothing to confirm"],
  REQUEST_TIMEOUT: [408, "The request did not arrive in time"],
  REQUEST_ABORTED: [400, "The caller broke the request off"],
  PAYLOAD_TOO_LARGE: [413, "The body is larger than it may be, or has more in it: see `errors`"],
  URI_TOO_LONG: [414, "The path is too long"],
  UNSUPPORTED_MEDIA_TYPE: [415, "The body is not JSON in UTF-8, or has a Content-Encoding"],
  TOO_MANY_REQUESTS: [429, "The token, or the address without one, has had its share: see Retry-After"],
  HEADERS_TOO_LARGE: [431, "The headers are too large"],
  OPERATION_NOT_FOUND: [404, "There is no operation of this id, or it is not kept any more"],
  OPERATION_FINISHED: [409, "The operation has ended already"],
  OPERATION_ELSEWHERE: [409, "Another queen runs the operation"],
  HIVE_RUNNING: [409, "The queen started the agent of the hive, and has not stopped it since"],
  HIVE_NOT_MANAGED: [409, "The hive has no ssh_host that can be used, and is not on the queen's own machine"],
  PUBLIC_URL_NEEDED: [409, "The queen does not know under which URL hives reach her: QUEEN_PUBLIC_URL"],
  HOST_KEY_NOT_FOUND: [404, "No host key is pinned"],
  HOST_KEY_MISMATCH: [409, "The host does not offer a key with this fingerprint"],
  HOST_KEY_CHANGED: [409, "Another key is pinned for the host"],
  SSH_UNREACHABLE: [502, "No sshd answers, or the queen may not contact it"],
  LIST_EXPIRED: [410, "The list that `after` names cannot go on: begin it anew"],
  TOO_MANY_TO_SORT: [400, "So many hives are live that they are sorted by id and by status alone"],
  INTERNAL: [500, "Something failed inside the queen; her log says more under the request id"],
  NOT_READY: [503, "The queen cannot serve now; `errors` says why"],
  STOPPING: [503, "The queen is stopping"],
  PAGE_UNAVAILABLE: [
    503,
    "The page cannot be made from its sources: `detail` says why; the API is not touched by that",
  ],
  TOO_MANY_READERS: [503, "So many readers are connected that no more are taken"],
  HIVE_NOT_FOUND: [404, "There is no hive of this id"],
  HIVE_ALREADY_EXISTS: [409, "The id is taken"],
  INVALID_HIVE: [400, "A field of the hive breaks its rule; nothing was stored"],
  INVALID_ARGUMENT: [400, "A parameter or a field breaks its rule"],
  CORRUPT_HIVE: [500, "Another program damaged the row of this hive"],
  CORRUPT_RECORD: [500, "Another program damaged a record of the catalog that is no hive"],
  OPERATION_IN_PROGRESS: [409, "Another operation on this hive has not ended yet"],
  CATALOG_BUSY: [503, "Another process held the catalog for too long; try again"],
  CATALOG_CORRUPT: [500, "The file of the catalog is damaged"],
  CATALOG_READ_ONLY: [503, "The catalog cannot be written"],
  CATALOG_FULL: [507, "The disk is full"],
  CATALOG_TOO_NEW: [500, "A newer version changed the catalog"],
  CATALOG_NOT_A_CATALOG: [500, "The database is not a catalog"],
  CATALOG_NOT_MIGRATED: [503, "The catalog lacks migrations"],
  CATALOG_UNAVAILABLE: [503, "The catalog did not answer, or its file is not in its place: see `detail`"],
  CATALOG_OUTCOME_UNKNOWN: [
    503,
    "The catalog did not answer, or its disk failed, and the change may have been made: read it, then decide",
  ],
  CATALOG_CLOSED: [503, "The queen is stopping"],
  HIVE_UNREACHABLE: [502, "The hive does not answer"],
  HIVE_NOT_ALLOWED: [403, "The queen may not contact the host of this hive"],
  INVALID_DEVICES: [502, "What the hive answered are no devices"],
  WRONG_HIVE: [502, "Another hive answers there"],
} as const satisfies Record<Code, StatusAndMeaning> & Record<string, StatusAndMeaning>;

export type ProblemCode = keyof typeof PROBLEMS;
const CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** What a route that changes the catalog may answer, beside what it may as one that needs a token. */
export const WRITING: readonly ProblemCode[] = ["CATALOG_OUTCOME_UNKNOWN", "CATALOG_READ_ONLY", "CATALOG_FULL"];

/** What a route may answer that looks for a token in the catalog. */
export const KNOWING_TOKENS: readonly ProblemCode[] = [
  "UNAUTHENTICATED",
  "CORRUPT_RECORD",
  "CATALOG_BUSY",
  "CATALOG_CORRUPT",
  "CATALOG_TOO_NEW",
  "CATALOG_NOT_A_CATALOG",
  "CATALOG_NOT_MIGRATED",
  "CATALOG_UNAVAILABLE",
  "CATALOG_CLOSED",
];

const ServingHives = z.strictObject({ serving: count, ...countOfEach(OBSTACLES) });

/** The body of every error: RFC 9457, with the code and the fields that are wrong. */
export const ProblemJson = z
  .strictObject({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: "What is wrong, in one sentence" }),
    code: z.enum(CODES),
    errors: z
      .array(z.strictObject({ field: z.string(), message: z.string() }))
      .meta({ description: "Each field or parameter that is wrong, by its path; `body` is the body as a whole" }),
    hives: ServingHives.optional().meta({
      description: "With NO_WORKER: the hives that serve the model, by why none has work",
    }),
    request_id: z.string().meta({ description: "Under which the log of the queen says more" }),
  })
  .meta({ id: "Problem", description: "Every error (RFC 9457)" });
export type ProblemBody = z.input<typeof ProblemJson>;
