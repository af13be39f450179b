import { StrictDeviceCapabilitiesJson } from "@repo/device-types";
import * as z from "zod";
import type { Field, Fields } from "./fields.ts";
import { HiveChanges, HiveRecord, hiveFields, NewHive } from "./hive.ts";
import { LabelChanges, Labels } from "./label.ts";

type JsonName<Column extends string> = Column extends `${infer Name}_json` ? Name : Column;
type JsonRules<F extends Fields> = { [Name in keyof F as JsonName<F[Name]["column"]>]: F[Name]["rule"] };

/** The names of each field, and how it is written, where its JSON form is not the value itself. */
const columns = Object.entries<Field>(hiveFields).map(([name, { column, stored, rule }]) => ({
  ...{ name, rule, encode: stored.encode },
  jsonName: column.replace(/_json$/, ""),
}));
const rules = {
  ...(Object.fromEntries(columns.map(({ jsonName, rule }) => [jsonName, rule])) as JsonRules<typeof hiveFields>),
  devices: StrictDeviceCapabilitiesJson.nullable(),
};

/** What is said beside a record has one name everywhere. */
const names = [...columns, { name: "labels", jsonName: "labels" }];

const toJsonNames = <Json>(fields: object): Json => renamed(fields, "name", "jsonName") as Json;
const fromJsonNames = <Value>(json: object): Value => renamed(json, "jsonName", "name") as Value;

function renamed(fields: object, from: "name" | "jsonName", to: "name" | "jsonName"): unknown {
  const given = new Map(Object.entries(fields));
  const present = names.filter((named) => given.has(named[from]));
  return Object.fromEntries(present.map((named) => [named[to], given.get(named[from])]));
}

/** A record as it travels: snake_case, `devices` in their JSON form. An unknown field is an error. */
export const HiveRecordJson = z
  .codec(z.strictObject(rules), HiveRecord, { decode: fromJsonNames<HiveRecord>, encode: toJsonNames })
  .meta({ id: "HiveRecordJson", description: "A hive, as the catalog stores it" });
export type HiveRecordJson = z.input<typeof HiveRecordJson>;

/** `NewHive` as it travels. */
export const NewHiveJson = z
  .codec(
    z.strictObject({
      ...z.object(rules).partial().shape,
      id: rules.id,
      host: rules.host,
      port: rules.port,
      labels: Labels.optional(),
    }),
    NewHive,
    {
      decode: fromJsonNames<z.input<typeof NewHive>>,
      encode: toJsonNames,
    },
  )
  .meta({ id: "NewHiveJson", description: "A hive to add" });
export type NewHiveJson = z.input<typeof NewHiveJson>;

/** `HiveChanges` as they travel: a JSON merge patch, into `labels` too. The catalog's own times are checked, then ignored, so that what was read can be sent back. */
export const HiveChangesJson = z
  .codec(
    z
      .strictObject({ ...rules, labels: LabelChanges })
      .omit({ id: true })
      .partial(),
    HiveChanges,
    {
      decode: ({ last_heartbeat_ms, created_at_ms, updated_at_ms, ...changes }) =>
        fromJsonNames<z.input<typeof HiveChanges>>(changes),
      encode: toJsonNames,
    },
  )
  .meta({ id: "HiveChangesJson", description: "The fields of a hive to change" });
export type HiveChangesJson = z.input<typeof HiveChangesJson>;

/** The JSON form of a stored record; `HiveRecordJson.encode` holds it to the rules of input as well, which takes 50 µs and more. */
export function toHiveRecordJson(hive: HiveRecord): HiveRecordJson {
  const json: Record<string, unknown> = {};
  for (const { name, jsonName, encode } of columns) {
    const value = hive[name as keyof HiveRecord];
    json[jsonName] = encode === undefined || value === null ? value : encode(value as never);
  }
  return json as HiveRecordJson;
}
