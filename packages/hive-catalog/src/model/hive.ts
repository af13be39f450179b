import { DeviceCapabilities, StrictDeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "@repo/device-types";
import { z } from "zod";

/** Feeds the zod enum and the column of the table alike. */
export const HIVE_STATUSES = ["unknown", "online", "offline"] as const;

/** `unknown` until a hive was first seen, then `online` or `offline`. */
export const HiveStatus = z
  .enum(HIVE_STATUSES, `must be one of ${HIVE_STATUSES.join(", ")}`)
  .meta({ id: "HiveStatus" });
export type HiveStatus = z.infer<typeof HiveStatus>;

/** The last millisecond that a JavaScript Date can hold. */
export const MAX_TIME_MS = 8_640_000_000_000_000;
export const MAX_PORT = 65_535;

const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Whether `text` is a host name, an IPv4 or an IPv6 address. What ends in a number must be an IPv4 address, as in URLs. */
export function isHost(text: string): boolean {
  if (z.regexes.ipv4.test(text)) return true;
  if (text.includes(":")) return IPV6_CHARACTERS.test(text) && URL.canParse(`http://[${text}]`);
  return HOST_NAME.test(text) && !ENDS_IN_NUMBER.test(text);
}

export const SSH_USER = /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}$/;

/** Whether `text` is a POSIX user name. Never one with a leading `-`, which ssh would read as an option. */
export function isSshUser(text: string): boolean {
  return SSH_USER.test(text);
}

/** The rule for ids, as a pattern: 1 to 128 characters that are safe in URLs, file names and shells. */
export const HIVE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** One sentence for whatever breaks a rule: a reader wants the rule, not the step at which it broke. */
export const rule = (text: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? `is required, and ${text}` : text),
});
const ID = rule("must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit");
const HOST = rule("must be a host name, an IPv4 or an IPv6 address, without scheme or port");
const PORT = rule(`must be an integer from 1 to ${MAX_PORT}`);
const USER = rule("must be a POSIX user name of at most 32 characters, not beginning with '-'");
const TIME = rule("must be a time in milliseconds, an integer from 0");

/** The rule of each field, shared by the TypeScript form and the JSON form. */
const id = z
  .string(ID)
  .regex(HIVE_ID_PATTERN, ID)
  .meta({ description: "Unique name of the hive", examples: ["localhost", "hive-prod-01"] });
const host = z.string(HOST).refine(isHost, HOST);
const port = z.int(PORT).min(1, PORT).max(MAX_PORT, PORT);
const sshUser = z.string(USER).regex(SSH_USER, USER);
export const timeMs = z
  .int(TIME)
  .min(0, TIME)
  .max(MAX_TIME_MS, TIME)
  .meta({ description: "Milliseconds since 1970-01-01 UTC" });

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
  /** POSIX user name; only with `sshHost`. */
  sshUser: string | null;
  status: HiveStatus;
  /** Time of the last heartbeat, in milliseconds since the epoch; `null` before the first. It never moves back. */
  lastHeartbeatMs: number | null;
  /** `null` until detected. */
  devices: DeviceCapabilities | null;
  /** Set once, by `addHive`. */
  readonly createdAtMs: number;
  /** Time of the last change of anything but `lastHeartbeatMs`. */
  readonly updatedAtMs: number;
}

/** Each field and its rule. */
export const recordFields = {
  id,
  host,
  port,
  sshHost: host.nullable(),
  sshPort: port.nullable(),
  sshUser: sshUser.nullable(),
  status: HiveStatus,
  lastHeartbeatMs: timeMs.nullable(),
  devices: DeviceCapabilities.nullable(),
  createdAtMs: timeMs,
  updatedAtMs: timeMs,
};

type SshFields = { sshHost?: string | null | undefined; sshPort?: unknown; sshUser?: unknown };

/** An SSH port or user means nothing without an SSH host. */
function checkSsh({ value, issues }: z.core.ParsePayload<SshFields>): void {
  if (typeof value.sshHost === "string") return;
  for (const name of ["sshPort", "sshUser"] as const) {
    const input = value[name];
    if (input === null || input === undefined) continue;
    issues.push({ code: "custom", input, path: [name], message: "is allowed only together with sshHost" });
  }
}

export const HiveRecord: z.ZodType<HiveRecord, HiveRecord> = z.strictObject(recordFields).check(checkSsh);

/** What `addHive` takes: `id`, `host` and `port`, and any other field of a record. A whole `HiveRecord` is a valid `NewHive`. */
export const NewHive = z.strictObject({ ...z.object(recordFields).partial().shape, id, host, port }).check(checkSsh);
export type NewHive = z.input<typeof NewHive>;

/** What `patchHive` takes: only the fields to change. `null` clears a field that may be absent. */
export const HiveChanges = z
  .strictObject(recordFields)
  .omit({ id: true, lastHeartbeatMs: true, createdAtMs: true, updatedAtMs: true })
  .partial();
export type HiveChanges = z.input<typeof HiveChanges>;

/** The same fields as they are named outside the process. */
const jsonFields = {
  id,
  host,
  port,
  ssh_host: recordFields.sshHost,
  ssh_port: recordFields.sshPort,
  ssh_user: recordFields.sshUser,
  status: HiveStatus,
  last_heartbeat_ms: recordFields.lastHeartbeatMs,
  devices: StrictDeviceCapabilitiesJson.nullable(),
  created_at_ms: timeMs,
  updated_at_ms: timeMs,
};

const JSON_NAMES = {
  id: "id",
  host: "host",
  port: "port",
  sshHost: "ssh_host",
  sshPort: "ssh_port",
  sshUser: "ssh_user",
  status: "status",
  lastHeartbeatMs: "last_heartbeat_ms",
  devices: "devices",
  createdAtMs: "created_at_ms",
  updatedAtMs: "updated_at_ms",
} as const satisfies Record<keyof HiveRecord, keyof typeof jsonFields>;

type JsonNames = typeof JSON_NAMES;
type WithJsonNames<Fields> = {
  [Name in keyof Fields as Name extends keyof JsonNames ? JsonNames[Name] : never]: Fields[Name];
};

function toJsonNames<Fields extends object>(fields: Fields): WithJsonNames<Fields> {
  const renamed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) renamed[JSON_NAMES[name as keyof JsonNames]] = value;
  return renamed as WithJsonNames<Fields>;
}

function fromJsonNames<Fields extends object>(json: WithJsonNames<Fields>): Fields {
  const fields: Record<string, unknown> = {};
  for (const [name, jsonName] of Object.entries(JSON_NAMES)) {
    if (jsonName in json) fields[name] = (json as Record<string, unknown>)[jsonName];
  }
  return fields as Fields;
}

/** The JSON form of a record that is known to be sound; `HiveRecordJson.encode` is the same and checks it, which takes 50 µs and more. */
export function toHiveRecordJson(hive: HiveRecord): HiveRecordJson {
  return {
    id: hive.id,
    host: hive.host,
    port: hive.port,
    ssh_host: hive.sshHost,
    ssh_port: hive.sshPort,
    ssh_user: hive.sshUser,
    status: hive.status,
    last_heartbeat_ms: hive.lastHeartbeatMs,
    devices: hive.devices && toDeviceCapabilitiesJson(hive.devices),
    created_at_ms: hive.createdAtMs,
    updated_at_ms: hive.updatedAtMs,
  };
}

/** A record as it travels: snake_case, `devices` in their JSON form. An unknown field is an error. */
export const HiveRecordJson = z
  .codec(z.strictObject(jsonFields), HiveRecord, { decode: fromJsonNames<HiveRecord>, encode: toJsonNames<HiveRecord> })
  .meta({ id: "HiveRecordJson", description: "A hive, as the catalog stores it" });
export type HiveRecordJson = z.input<typeof HiveRecordJson>;

/** `NewHive` as it travels. */
export const NewHiveJson = z
  .codec(z.strictObject({ ...z.object(jsonFields).partial().shape, id, host, port }), NewHive, {
    decode: fromJsonNames<NewHive>,
    encode: toJsonNames<NewHive>,
  })
  .meta({ id: "NewHiveJson", description: "A hive to add" });
export type NewHiveJson = z.input<typeof NewHiveJson>;

/** `HiveChanges` as they travel: a JSON merge patch. The catalog's own times are checked, then ignored, so that what was read can be sent back. */
export const HiveChangesJson = z
  .codec(z.strictObject(jsonFields).omit({ id: true }).partial(), HiveChanges, {
    decode: (json) => {
      const { last_heartbeat_ms, created_at_ms, updated_at_ms, ...changes } = json;
      return fromJsonNames<HiveChanges>(changes);
    },
    encode: toJsonNames<HiveChanges>,
  })
  .meta({ id: "HiveChangesJson", description: "The fields of a hive to change" });
export type HiveChangesJson = z.input<typeof HiveChangesJson>;
