import { DeviceCapabilities, decodeDevices, toDeviceCapabilitiesJson } from "@repo/device-types";
import * as z from "zod";
import { field, integer, json, newRecord, oneOf, optional, rule, rulesOf, text, time } from "./fields.ts";
import { LabelChanges, Labels } from "./label.ts";

export { isKey, MAX_TIME_MS, rule, timeMs } from "./fields.ts";

/** Feeds the zod enum and the column of the table alike. */
export const HIVE_STATUSES = ["unknown", "online", "offline"] as const;

/** `unknown` until a hive was first seen, then `online` or `offline`. */
export const HiveStatus = z
  .enum(HIVE_STATUSES, `must be one of ${HIVE_STATUSES.join(", ")}`)
  .meta({ id: "HiveStatus" });
export type HiveStatus = z.infer<typeof HiveStatus>;

const MAX_PORT = 65_535;

const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`, "i");

/** A name of the root of the tree, as DNS writes it, is the same name without its dot. */
export const withoutRootDot = (name: string): string => name.replace(/(?<=[^.])\.$/, "");

/** Whether `text` is a host name, an IPv4 or an IPv6 address. What ends in a number must be an IPv4 address, as in URLs. */
export function isHost(text: string): boolean {
  if (z.regexes.ipv4.test(text)) return true;
  if (text.includes(":")) return IPV6_CHARACTERS.test(text) && URL.canParse(`http://[${text}]`);
  return HOST_NAME.test(text) && !ENDS_IN_NUMBER.test(text);
}

/** A name, in a domain too: `DOMAIN\user`, `user@domain`. */
const SSH_USER = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,63}(?:[\\@+][A-Za-z0-9_.][A-Za-z0-9_.-]{0,63})?$/;

/** Whether ssh can carry `text` as a user name, in one argument. Never one with a leading `-`, which it would read as an option. */
export function isSshUser(text: string): boolean {
  return SSH_USER.test(text);
}

/** The rule for ids, as a pattern: 1 to 128 characters that are safe in URLs, file names and shells. */
export const HIVE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const ID = rule("must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit");
const HOST = rule("must be a host name, an IPv4 or an IPv6 address, without scheme or port");
const PORT = rule(`must be an integer from 1 to ${MAX_PORT}`);
const USER = rule("must be a user name that ssh can carry, such as admin or DOMAIN\\admin, not beginning with '-'");

const id = z
  .string(ID)
  .regex(HIVE_ID_PATTERN, ID)
  .meta({ description: "Unique name of the hive", examples: ["localhost", "hive-prod-01"] });
const host = z.string(HOST).overwrite(withoutRootDot).refine(isHost, HOST);
const port = z.int(PORT).min(1, PORT).max(MAX_PORT, PORT);
const sshUser = z.string(USER).regex(SSH_USER, USER);

export const portNumber = integer(1, MAX_PORT);

/** One hive, as the catalog stores it. What is absent is `null`. */
export interface HiveRecord {
  readonly id: string;
  /** Host name, IPv4 or IPv6 address at which the hive answers HTTP. */
  host: string;
  /** HTTP port, 1 to 65535. */
  port: number;
  /** Where to reach the host over SSH; `null` for a hive that is not managed over SSH. */
  sshHost: string | null;
  /** Only with `sshHost`. */
  sshPort: number | null;
  /** POSIX or domain user name; only with `sshHost`. */
  sshUser: string | null;
  status: HiveStatus;
  /** Time of the last heartbeat, in milliseconds since the epoch; `null` before the first. It never moves back. */
  lastHeartbeatMs: number | null;
  /** `null` until detected. Then `devices.cpu` or `devices.gpus` is `null` where the host could never read it, and so is the memory of a GPU. */
  devices: DeviceCapabilities | null;
  /** Set once, by `addHive`. */
  readonly createdAtMs: number;
  /** Time of the last change of anything but `lastHeartbeatMs`. */
  readonly updatedAtMs: number;
}

/**
 * The columns of the hives table: of each its names, what is asked of input, and what counts as damaged when it is read. The schema, the
 * rules of records and of their JSON form, the statements, and what reads and reports rows, all follow from here.
 */
export const hiveFields = {
  id: field("id", text, id),
  host: field("host", text, host),
  port: field("port", portNumber, port),
  sshHost: optional(field("ssh_host", text, host)),
  sshPort: optional(field("ssh_port", portNumber, port)),
  sshUser: optional(field("ssh_user", text, sshUser)),
  status: field("status", oneOf(HIVE_STATUSES), HiveStatus, "unknown"),
  lastHeartbeatMs: optional(time("last_heartbeat_ms")),
  devices: optional(
    field("devices_json", json("devices", decodeDevices, toDeviceCapabilitiesJson), DeviceCapabilities),
  ),
  createdAtMs: time("created_at_ms"),
  updatedAtMs: time("updated_at_ms"),
} satisfies { [Name in keyof HiveRecord]: unknown };

/** Each field and its rule. */
export const recordFields = rulesOf(hiveFields);

/** In SQL, of a row whether its devices are still to be detected: they never were, or its GPUs could not be read. What is no JSON is not among them. */
export const LACKS_DEVICES =
  "CASE WHEN json_valid(devices_json) THEN json_type(devices_json, '$.gpus') IS 'null' ELSE devices_json IS NULL END";

type SshFields = { sshHost?: string | null | undefined; sshPort?: unknown; sshUser?: unknown };

export const ONLY_WITH_SSH_HOST = "is allowed only together with sshHost";

/** An SSH port or user means nothing without an SSH host. */
function checkSsh({ value, issues }: z.core.ParsePayload<SshFields>): void {
  if (typeof value.sshHost === "string") return;
  for (const name of ["sshPort", "sshUser"] as const) {
    const input = value[name];
    if (input === null || input === undefined) continue;
    issues.push({ code: "custom", input, path: [name], message: ONLY_WITH_SSH_HOST });
  }
}

export const HiveRecord: z.ZodType<HiveRecord, HiveRecord> = z.strictObject(recordFields).check(checkSsh);

/** SSH fields that go together, of a record or of changes to all three. */
export const SshSettings = z.looseObject({}).check(checkSsh);
export const SSH_FIELDS = ["sshHost", "sshPort", "sshUser"] as const;

type ReadonlyDeep<T> = T extends object ? { readonly [Name in keyof T]: ReadonlyDeep<T[Name]> } : T;
type AnyOf<T> = { readonly [Name in keyof T]?: ReadonlyDeep<T[Name]> | undefined };

/** Devices as a caller may hand them in. */
export type DevicesInput = ReadonlyDeep<DeviceCapabilities>;
/** What is said of a hive beside its record. */
type Beside<L> = {
  /** Left out, they stay as they are; of a new hive, none. */
  readonly labels?: L | undefined;
};
/** A whole record as a caller may hand it in; `labels` beside it take the place of all that the hive has. */
export interface HiveInput extends ReadonlyDeep<HiveRecord>, Beside<Labels> {}

const inputFields = { ...recordFields, labels: Labels.optional() };
/** What `updateHive` takes. */
export const HiveInput = z.strictObject(inputFields).check(checkSsh);

/** The rules of it for all fields but some. */
export function rulesBut(names: readonly string[]): z.ZodType<Partial<HiveInput>> {
  const rules = Object.entries(inputFields).filter(([name]) => !names.includes(name));
  return z.strictObject(Object.fromEntries(rules)) as z.ZodType<Partial<HiveInput>>;
}

/** What `addHive` takes: `id`, `host` and `port`, any other field of a record, and `labels`. A whole `HiveRecord` is a valid `NewHive`. */
export const NewHive = z
  .strictObject({ ...z.object(recordFields).partial().shape, id, host, port, labels: Labels.optional() })
  .check(checkSsh);
export interface NewHive
  extends Pick<HiveInput, "id" | "host" | "port" | "labels">,
    AnyOf<Omit<HiveRecord, "id" | "host" | "port">> {}

/** What only the catalog itself changes. */
const CATALOGS_OWN = { id: true, lastHeartbeatMs: true, createdAtMs: true, updatedAtMs: true } as const;
type CatalogsOwn = keyof typeof CATALOGS_OWN;

/** What `patchHive` takes: only the fields to change. `null` clears a field that may be absent, and removes one of the `labels`, of which the others stay. */
export const HiveChanges = z
  .strictObject({ ...recordFields, labels: LabelChanges })
  .omit(CATALOGS_OWN)
  .partial();
export interface HiveChanges extends AnyOf<Omit<HiveRecord, CatalogsOwn>>, Beside<LabelChanges> {}

/** A hive as it is added at `nowMs`: what was not said is unknown, or null. */
export function newHiveRecord(hive: NewHive, nowMs: number): HiveRecord {
  return newRecord(hiveFields, { ...hive }, { createdAtMs: nowMs, updatedAtMs: nowMs });
}
