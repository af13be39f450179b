import type { Query, Schema } from "@repo/queen-client";
import { type Command, Option } from "commander";
import { UsageProblem } from "../failure.ts";
import { someOf } from "./several.ts";

type Status = Schema<"HiveStatus">;

const STATUSES = ["online", "offline", "unknown"] as const satisfies Status[];

export interface TraitFlags {
  readonly selector?: readonly string[];
  readonly gpu?: string;
}

export interface FilterFlags extends TraitFlags {
  readonly ram?: string;
  readonly cores?: string;
  readonly status?: Status[];
  readonly cordoned?: true;
  readonly onProbation?: true;
  readonly unreachable?: true;
  readonly notBeating?: true;
  readonly model?: string;
}

export type HiveFilter = Pick<
  Query<"listFleet">,
  | "selector"
  | "gpu"
  | "ram"
  | "cores"
  | "status"
  | "cordoned"
  | "on_probation"
  | "unreachable"
  | "not_beating"
  | "model"
>;

export const addTraitFlags = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "-l, --selector <selector>",
        "by labels: rack=r12,env!=prod,zone in (a,b); given twice, both must hold",
      ).argParser((text: string, before: readonly string[] = []) => [...before, text]),
    )
    .option("--gpu <requirement>", "by GPUs: H100:80GB:8, nvidia:24GB");

/** A variable that is not set makes one, and all hives of what was to be few. */
export function refuseEmptySelector({ selector }: TraitFlags): void {
  const isEmpty = selector?.some((text) => text.trim() === "") === true;
  if (isEmpty) throw new UsageProblem("a selector that is empty chooses all hives: --all says so");
}

export const addFilterFlags = (command: Command): Command =>
  addTraitFlags(command)
    .option("--ram <size>", "by RAM, at least or in a range: 256GB, 64GB..128GB")
    .option("--cores <number>", "by CPU cores, in the same way")
    .addOption(someOf(new Option("--status <status,...>", "by status"), STATUSES))
    .option("--cordoned", "only those that are cordoned")
    .option("--on-probation", "only those that went on and off too often, and are watched before they get work")
    .option("--unreachable", "only those that beat, but whose port does not answer health checks")
    .option("--not-beating", "only those that answer health checks, but whose heartbeats do not arrive")
    .option("--model <model>", "only those on which a worker serves it");

export function filterOf(flags: FilterFlags): HiveFilter {
  const { ram, cores, status, cordoned, onProbation, unreachable, notBeating, model } = flags;
  return given({
    ...{ ...traitsOf(flags), ram, cores, cordoned, unreachable, model },
    // One alone is understood by a queen who takes no more, too.
    status: status?.length === 1 ? status[0] : status,
    on_probation: onProbation,
    not_beating: notBeating,
  });
}

export const traitsOf = ({ selector, gpu }: TraitFlags): Pick<HiveFilter, "selector" | "gpu"> =>
  given({ selector: selector?.join(","), gpu });

/** More GPUs than hosts have: a number that is meant as memory. */
const MANY_GPUS = 8;

/** Behind the sentence that nothing is as asked for. */
export function hintOf({ gpu = "" }: TraitFlags): string {
  const [, count = ""] = /^(?:[^:]*:)?(\d+)$/.exec(gpu.trim()) ?? [];
  return Number(count) > MANY_GPUS ? `; --gpu ${gpu.trim()} asks for ${count} GPUs: ${count}GB is memory` : "";
}

/** Without what no flag said. */
export const given = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
