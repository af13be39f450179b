import { checkBoolean, checkFunction, checkInteger, checkOptions } from "./model/check.ts";
import type { HiveRecord, HiveStatus } from "./model/hive.ts";
import type { OperationRecord } from "./model/operation.ts";

/** One column of one stored row that another program damaged. `id` is what the row holds for a key, as text. */
export type DamagedRecord = {
  readonly table: string;
  readonly id: string;
  readonly column: string;
  readonly problem: string;
};

/** The same of a hive. */
export type DamagedHive = Omit<DamagedRecord, "table">;

/** How a catalog is opened. */
export type OpenOptions = {
  /** Token for a libSQL server; never shown. */
  authToken?: string | undefined;
  /** Apply pending migrations: default true. If false, a catalog that lacks some is refused. */
  migrate?: boolean | undefined;
  /** How long a write waits for another process that holds the lock, in ms: default 5000. */
  busyTimeoutMs?: number | undefined;
  /**
   * How long a call may take on a libSQL server, with all its requests and their repetitions, in ms: default 10,000. Of `open`, lists and
   * streams that holds for each request.
   */
  requestTimeoutMs?: number | undefined;
  /** The wall clock, in ms since the epoch: default `Date.now`. Fractions are cut off. */
  now?: (() => number) | undefined;
  /** Told of each damaged row that a list left out: default a process warning, once for each row. */
  onCorruptHive?: ((damaged: DamagedHive) => unknown) | undefined;
  /** Told of each group of heartbeats that was committed. */
  onCommit?: ((commit: { size: number; durationMs: number }) => unknown) | undefined;
};

/** The last argument of every call that can wait. */
export type CallOptions = {
  /** Ends the call, which rejects with the signal's reason. A change that was handed over may still be made. */
  signal?: AbortSignal | undefined;
};

/** Of `patchHive`. */
export type PatchOptions = CallOptions & {
  /** Whether `labels` take the place of all that the hive has: without any, it has none then. Default false: they are merged. */
  replacesLabels?: boolean | undefined;
  /** Whether a label that has another value than `labels` say refuses the whole change, with INVALID_HIVE. Default false: it gets that value. */
  keepsLabels?: boolean | undefined;
};

/** Of `getHives`, and of every list of hives. */
export type GetOptions = CallOptions & {
  /** Takes the place of the catalog's `onCorruptHive` for this call. */
  onCorruptHive?: ((damaged: DamagedHive) => unknown) | undefined;
};

/** Which page of a list. */
type Page<Place> = {
  /** Where the page before ended: the id of its last one, or what else says its place in the order. */
  after?: Place | undefined;
  /** So many at most, from 1. Fewer than that means that there are no more. */
  limit?: number | undefined;
};

/** Which page of a list of hives; by default all. */
export type ListOptions = GetOptions & Page<string>;

/** The same; the place of a record in the order is its heartbeat, then its id. */
export type StaleOptions = GetOptions & Page<{ readonly id: string; readonly lastHeartbeatMs: number | null }>;

/** Of `streamHives`. */
export type StreamOptions = Omit<ListOptions, "limit"> & {
  /** Those with this status alone. */
  status?: HiveStatus | undefined;
  /** Hives that are held at once: default 250, at most 1000. */
  pageSize?: number | undefined;
};

/** What `findHives` looks for: hives for which all of it holds. */
export type FindOptions = GetOptions & {
  /** On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained`. */
  selector?: string | undefined;
  /** What their GPUs must be, such as `nvidia:24GB:2`. Hives whose GPUs are not known match nothing. */
  gpu?: string | undefined;
  /** How much RAM, at least or in a range: `256GB`, `64GB..128GB`. */
  ram?: string | undefined;
  /** How many CPU cores, at least or in a range: `32`, `8..16`. */
  cores?: string | undefined;
  /** One, or several of which a hive has one. */
  status?: HiveStatus | readonly HiveStatus[] | undefined;
  /** Whether a cordon is in force. */
  cordoned?: boolean | undefined;
  /** A part of the id, the host or the value of a label, whatever the case of its letters. */
  text?: string | undefined;
  /** Those of these ids alone, at most 100. */
  ids?: readonly string[] | undefined;
  /** Whether the last id comes first. */
  descending?: boolean | undefined;
  /** The `nextAfter` of the page before, or any id. */
  after?: string | undefined;
  /** Hives at most, from 1 to 1000; default 100. */
  limit?: number | undefined;
};

/** One page of what was found, by id, the last first where that was asked for. */
export type FoundHives = {
  readonly hives: HiveRecord[];
  /** Where the next page begins; null when there is nothing more. A page before that may be short, or empty. */
  readonly nextAfter: string | null;
};

/** Of `streamFoundHives`. */
export type FindStreamOptions = Omit<FindOptions, "limit"> & Pick<StreamOptions, "pageSize">;

/** Which page of `cordons.list`, by the ids of hives; by default all. */
export type CordonListOptions = CallOptions &
  Page<string> & {
    /** Told of each damaged column: default a process warning, once for each row. */
    onCorruptRecord?: ((damaged: DamagedRecord) => unknown) | undefined;
  };

/** Of `tokens.revoke`. */
export type RevokeOptions = CallOptions & {
  /** Leaves the token of an operator as it is where no other one is in force that never expires, and with which others can be made over the network. */
  unlessLastOperator?: boolean | undefined;
};

/** Which page of `operations.list`, and of whose operations; by default 100 of them. */
export type OperationListOptions = CallOptions &
  Page<string> & {
    /** Those of one hive alone. */
    hiveId?: string | undefined;
    /** Of that hive only since it was added: not those of one that had its id before. */
    sinceAdded?: boolean | undefined;
  };

/** Which page of `labels.keys`: by default 100 of them, at most 1,000. */
export type LabelListOptions = CallOptions & Page<string>;

/** Which page of `labels.withKey`, in the same way; the place of a label in the order is its value, then the id of its hive. */
export type LabelPlacesOptions = CallOptions & Page<{ readonly value: string; readonly hiveId: string }>;

/** What `operations.find` looks for: those for which all of it holds. */
export type OperationFindOptions = OperationListOptions & {
  /** One, or those with one of several; and so of `kind`. */
  state?: OperationRecord["state"] | readonly OperationRecord["state"][] | undefined;
  kind?: OperationRecord["kind"] | readonly OperationRecord["kind"][] | undefined;
};

/** One page of what was found, the newest first. */
export type FoundOperations = {
  readonly operations: OperationRecord[];
  /** Where the next page begins; null when there is nothing more. A page before that may be short, or empty. */
  readonly nextAfter: string | null;
};

const DEFAULT_BUSY_TIMEOUT_MS = 5000;
/** The names that are known: any other one is an error. */
const OPEN_OPTIONS: readonly (keyof OpenOptions)[] = [
  "authToken",
  "migrate",
  "busyTimeoutMs",
  "requestTimeoutMs",
  "now",
  "onCorruptHive",
  "onCommit",
];
const PAGE_OPTIONS = ["after", "limit", "signal"] as const;
export const GET_OPTIONS = ["onCorruptHive", "signal"] as const;
export const LIST_OPTIONS: readonly (keyof ListOptions)[] = [...PAGE_OPTIONS, "onCorruptHive"];
export const PATCH_OPTIONS: readonly (keyof PatchOptions)[] = ["replacesLabels", "keepsLabels", "signal"];
export const OPERATION_LIST_OPTIONS: readonly (keyof OperationListOptions)[] = [
  ...PAGE_OPTIONS,
  "hiveId",
  "sinceAdded",
];
export const OPERATION_FIND_OPTIONS: readonly (keyof OperationFindOptions)[] = [
  ...OPERATION_LIST_OPTIONS,
  "state",
  "kind",
];
export const LABEL_LIST_OPTIONS: readonly (keyof LabelListOptions)[] = PAGE_OPTIONS;
export const CORDON_LIST_OPTIONS: readonly (keyof CordonListOptions)[] = [...PAGE_OPTIONS, "onCorruptRecord"];
const FOUND_OPTIONS: readonly Exclude<keyof FindOptions, "limit">[] = [
  "selector",
  "gpu",
  "ram",
  "cores",
  "status",
  "cordoned",
  "text",
  "ids",
  "descending",
  "after",
  "onCorruptHive",
  "signal",
];
export const FIND_OPTIONS: readonly (keyof FindOptions)[] = [...FOUND_OPTIONS, "limit"];
export const FIND_STREAM_OPTIONS: readonly (keyof FindStreamOptions)[] = [...FOUND_OPTIONS, "pageSize"];
export const STREAM_OPTIONS: readonly (keyof StreamOptions)[] = [...GET_OPTIONS, "after", "status", "pageSize"];

export type CheckedOptions = ReturnType<typeof checkedOptions>;

/** Read once: whatever an option does when it is read happens here. */
export function checkedOptions(options: OpenOptions) {
  checkOptions(options, OPEN_OPTIONS);
  const { migrate = true, busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, ...others } = options;
  checkBoolean("migrate", migrate);
  checkInteger("busyTimeoutMs", busyTimeoutMs, 0);
  if (others.requestTimeoutMs !== undefined) checkInteger("requestTimeoutMs", others.requestTimeoutMs, 1);
  for (const name of ["now", "onCorruptHive", "onCommit"] as const) checkFunction(name, others[name]);
  return { ...others, migrate, busyTimeoutMs };
}
