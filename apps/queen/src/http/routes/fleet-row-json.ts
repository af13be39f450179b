import { HiveStatus, OPERATION_KINDS, OPERATION_STATES } from "@repo/hive-catalog";
import { timeMs } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { FleetRow, FleetRows } from "../../fleet/fleet-rows.ts";
import { NOT_BEATING, RULES } from "../../fleet/liveness/sight.ts";
import type { Said } from "../../fleet/said.ts";
import type { RowsOf } from "../connections/event-batches.ts";
import { count } from "../count-fields.ts";
import { jsonWriter } from "../json-writer.ts";
import { CordonJson, cordonToJson } from "./cordons.ts";
import { HIVE_EXAMPLE, hiveToJson, StoredHive } from "./hive-json.ts";
import { takesWorkFields } from "./takes-work.ts";

const bytes = z.int().min(0).nullable();
const measured = (what: string) => z.boolean().meta({ description: `Whether ${what}` });
const memoryFields = { total_bytes: bytes, used_bytes: bytes, free_bytes: bytes };

const saidFields = {
  workers: z.strictObject({ idle: count, busy: count, loading: count, error: count }).nullable().meta({
    description: "By state, those that shut down left out; null unless its beats arrive here, as are its models",
  }),
  load: z.number().min(0).max(1).nullable().meta({
    description:
      "How much of its workers is taken: of one with slots the share that runs, of another all or nothing; the mean of them",
  }),
  models: z.array(z.string()).nullable().meta({ description: "Those that its workers serve, in order" }),
  ram: z
    .strictObject({ ...memoryFields, measured: measured("`used_bytes` was measured, or is what the workers say") })
    .meta({ id: "FleetRam" }),
  gpus: z
    .array(
      z
        .strictObject({
          index: z.int(),
          name: z.string().nullable().meta({ description: "null while the devices are not known" }),
          unified: z.boolean().meta({ description: "Whether its memory is that of the host: the same bytes as `ram`" }),
          ...memoryFields,
          measured: measured("`used_bytes` was measured, or is what the workers say"),
          utilization_percent: z.number().min(0).nullable(),
        })
        .meta({ id: "FleetGpu" }),
    )
    .nullable()
    .meta({ description: "Null while it is not known which it has" }),
  vram: z
    .strictObject({
      ...memoryFields,
      measured: measured(
        "the memory of all GPUs was measured; if not, it is summed up of what devices and workers say",
      ),
    })
    .meta({ id: "FleetVram", description: "Of all GPUs together" }),
};

const writeSaid = jsonWriter(z.strictObject(saidFields));

const LastOperation = z.strictObject({
  id: z.string(),
  kind: z.enum(OPERATION_KINDS),
  state: z.enum(OPERATION_STATES),
  created_at_ms: timeMs,
  finished_at_ms: timeMs.nullable(),
});
const lastOperationToJson = jsonWriter(LastOperation);

export const FleetRowJson = z
  .strictObject({
    hive: StoredHive,
    status: z.strictObject({
      value: HiveStatus,
      rule: z.enum(RULES).meta({ description: "The rule that decided" }),
      why: z.string(),
      since_ms: timeMs.nullable().meta({ description: "Null of one that it had when the queen started" }),
    }),
    ...takesWorkFields,
    beat_age_ms: z.int().nullable().meta({ description: "Of the last beat, whichever queen took it" }),
    not_beating: z.enum(NOT_BEATING).nullable().meta({
      description:
        "Why its heartbeats do not arrive although it is online by its health checks, as far as it is known: `no_token` when callers need one and none of this hive is in force, `token_unused` when this queen has never seen the one that is. Null while they arrive",
    }),
    unreachable_since_ms: timeMs.nullable().meta({ description: "When the health checks that still fail began to" }),
    cordon: CordonJson.nullable(),
    probation_until_ms: timeMs.nullable().meta({ description: "Null when it is on none" }),
    ...saidFields,
    last_operation: LastOperation.nullable().meta({
      description: "The newest on this hive, whether it runs or has ended",
    }),
  })
  .meta({
    id: "FleetRow",
    description: "All that is shown of a hive in a list. What is not known is null, and never 0",
  });

const GB = 2 ** 30;
const memory = (total: number, used: number) => ({ total_bytes: total, used_bytes: used, free_bytes: total - used });

export const FLEET_ROW_EXAMPLE: z.input<typeof FleetRowJson> = {
  hive: { ...HIVE_EXAMPLE, status: "online" },
  status: {
    value: "online",
    rule: "beats_arrive",
    why: "its heartbeats arrive",
    since_ms: 1_761_040_000_000,
  },
  takes_work: true,
  why_not: null,
  beat_age_ms: 4200,
  not_beating: null,
  unreachable_since_ms: null,
  cordon: null,
  probation_until_ms: null,
  workers: { idle: 1, busy: 3, loading: 0, error: 0 },
  load: 0.75,
  models: ["llama-3-8b", "qwen3:8b"],
  ram: { ...memory(64 * GB, 20_132_659_200), measured: true },
  gpus: [
    {
      index: 0,
      name: "NVIDIA RTX 4090",
      unified: false,
      ...memory(24 * GB, 9_126_805_504),
      measured: true,
      utilization_percent: 37,
    },
  ],
  vram: { ...memory(24 * GB, 9_126_805_504), measured: true },
  last_operation: {
    id: "install-5f897ff4036a8eac",
    kind: "install",
    state: "succeeded",
    created_at_ms: 1_761_039_900_000,
    finished_at_ms: 1_761_039_960_000,
  },
};

type RowInput = z.input<typeof FleetRowJson>;
type SaidInput = Pick<RowInput, keyof typeof saidFields>;

/** Of what was said, for as long as nothing else is. */
const saidTexts = new WeakMap<Said, string>();

/** A row as JSON. What hives say is most of it, and is written once for all who read it. */
export function fleetRowText(row: FleetRow): string {
  let said = saidTexts.get(row.said);
  if (said === undefined) {
    said = JSON.stringify(writeSaid(row.said)).slice(1);
    saidTexts.set(row.said, said);
  }
  return `${JSON.stringify(knownToJson(row)).slice(0, -1)},${said}`;
}

/** Reads rows as events carry them. */
export const rowTextsOf =
  (rows: FleetRows): RowsOf =>
  async (hiveIds) => {
    const damaged = new Set<string>();
    const found = await rows.read(hiveIds, ({ id }) => void damaged.add(id));
    return (id) => {
      const row = found.get(id);
      if (row !== undefined) return fleetRowText(row);
      return damaged.has(id) ? undefined : "null";
    };
  };

function knownToJson(row: FleetRow): Omit<RowInput, keyof SaidInput> {
  const { status, cordon, lastOperation } = row;
  return {
    hive: hiveToJson(row.hive, row.labels),
    status: { value: status.value, rule: status.rule, why: status.why, since_ms: status.sinceMs },
    takes_work: row.whyNot === null,
    why_not: row.whyNot,
    beat_age_ms: row.beatAgeMs,
    not_beating: row.notBeating,
    unreachable_since_ms: row.unreachableSinceMs,
    cordon: cordon && cordonToJson(cordon),
    probation_until_ms: row.probationUntilMs,
    last_operation: lastOperation && lastOperationToJson(lastOperation),
  };
}
