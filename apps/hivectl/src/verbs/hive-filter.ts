import type { Query } from "@repo/queen-client";
import { type Command, Option } from "commander";
import type { CommonFlags } from "../session.ts";

/** Which hives, as flags say it. */
export interface FilterFlags {
  readonly selector?: readonly string[];
  readonly gpu?: string;
  readonly ram?: string;
  readonly cores?: string;
  readonly status?: "online" | "offline" | "unknown";
  readonly cordoned?: true;
  readonly model?: string;
}

export type HiveFilter = Pick<
  Query<"listFleet">,
  "selector" | "gpu" | "ram" | "cores" | "status" | "cordoned" | "model"
>;

/** Every verb that takes hives takes these. */
export const addFilterFlags = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "-l, --selector <selector>",
        "by labels: rack=r12,env!=prod,zone in (a,b); given twice, both must hold",
      ).argParser((text: string, before: readonly string[] = []) => [...before, text]),
    )
    .option("--gpu <requirement>", "by GPUs: H100:80GB:8, nvidia:24GB")
    .option("--ram <size>", "by RAM, at least or in a range: 256GB, 64GB..128GB")
    .option("--cores <number>", "by CPU cores, in the same way")
    .addOption(new Option("--status <status>", "by status").choices(["online", "offline", "unknown"]))
    .option("--cordoned", "only those that are cordoned")
    .option("--model <model>", "only those on which a worker serves it");

export function filterOf(flags: FilterFlags & CommonFlags): HiveFilter {
  const { selector, gpu, ram, cores, status, cordoned, model } = flags;
  const given = { selector: selector?.join(","), gpu, ram, cores, status, cordoned, model };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
