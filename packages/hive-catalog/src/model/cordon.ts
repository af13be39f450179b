import * as z from "zod";
import { optional, rulesOf, time } from "./fields.ts";
import { line, ofHive } from "./texts.ts";

export const cordonFields = {
  hiveId: ofHive("hive_id"),
  reason: line("reason", 500),
  /** Null until lifted. */
  untilMs: optional(time("until_ms")),
  createdAtMs: time("created_at_ms"),
};

/** An operator's word that a hive gets no new work for now. Without `untilMs` it lasts until it is lifted. */
export const Cordon = z.strictObject(rulesOf(cordonFields));
export type Cordon = z.infer<typeof Cordon>;

/** What `cordons.set` takes beside the hive's id; `createdAtMs` is now by default. */
export const NewCordon = Cordon.omit({ hiveId: true }).partial({ untilMs: true, createdAtMs: true });
export type NewCordon = z.input<typeof NewCordon>;
