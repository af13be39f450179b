import * as z from "zod";
import { field, integer, rulesOf, text } from "./fields.ts";
import { ofHive } from "./texts.ts";

/** What stands in `vramGb` for memory that is not known. */
export const UNKNOWN_MEMORY = -1;
const U32_MAX = 2 ** 32 - 1;
const MAX_DEVICES_HASH = 2 ** 48 - 1;

function whole<const Column extends string>(column: Column, min: number, max: number) {
  return field(column, integer(min, max), z.int().min(min).max(max));
}

/**
 * The columns of the table of GPUs: a row for each kind of GPU of a hive, derived from its devices so that they can be searched. A hive that has no
 * GPU has one row, whose `count` is 0.
 */
export const gpuFields = {
  hiveId: ofHive("hive_id"),
  /** As `identifyGpu` says it. */
  model: field("model", text, z.string()),
  /** The same; empty where it is not known. */
  vendor: field("vendor", text, z.string()),
  vramGb: whole("vram_gb", UNKNOWN_MEMORY, U32_MAX),
  count: whole("n", 0, U32_MAX),
  /** Of the devices that the row was derived from. */
  devicesHash: whole("devices_hash", 0, MAX_DEVICES_HASH),
};

/** GPUs of one kind of one hive. */
export const HiveGpus = z.strictObject(rulesOf(gpuFields));
export type HiveGpus = z.infer<typeof HiveGpus>;
