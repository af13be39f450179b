import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import type { PlacedWorker } from "../../fleet/workers/queries.ts";
import { WORKER_EXAMPLE, WorkerAnswer, workerToJson } from "./worker-answer.ts";

const BYTES_PER_GB = 2 ** 30;

export const PlacedWorkerJson = WorkerAnswer.extend({ hive_id: z.string() }).meta({
  id: "PlacedWorker",
  description: "A worker, and the hive on which it runs",
});
export const PLACED_EXAMPLE = { hive_id: "hive-prod-01", ...WORKER_EXAMPLE };

export const placedToJson = ({ hiveId, worker, url }: PlacedWorker) => ({
  hive_id: hiveId,
  ...workerToJson({ ...worker, url }),
});

const VRAM_RULE = rule("must be a number from 0");
export const vramGb = z.number(VRAM_RULE).min(0, VRAM_RULE).meta({
  description:
    "GB of 2^30 bytes that are free on its GPUs, as they were measured: a hive that measures nothing is not found",
});
export const vramBytesOf = (gb: number | undefined): number | undefined =>
  gb === undefined ? undefined : gb * BYTES_PER_GB;
