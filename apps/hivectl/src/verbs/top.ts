import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { measured } from "../output/table.ts";
import { type HiveRow, LOAD, memoryText, percentText, SINCE, STATUS, VRAM } from "./hive-columns.ts";
import { addListFlags, type ListFlags, listHives } from "./hive-list.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";

export const addTop: AddVerb = (parent, does) => {
  addListFlags(
    showing(parent.command("top"), TOP).description("Lists hives by how much of them is in use, the most first."),
  )
    .addHelpText("after", examples(["pnpm -s hivectl top -l rack=r12 --sort -gpu% --limit 20"]))
    .action(does<ListFlags>((session, call) => listHives(session, call, { kind: TOP, sort: "-load", redraws: true })));
};

/** The mean of those of which it is known. */
function gpuPercent({ gpus }: HiveRow): number | null {
  const known = (gpus ?? []).flatMap(({ utilization_percent }) => utilization_percent ?? []);
  return known.length === 0 ? null : known.reduce((total, one) => total + one, 0) / known.length;
}

const TOP: Kind<HiveRow> = {
  name: "hives",
  nameOf: ({ hive }) => hive.id,
  columns: [
    { title: "ID", cell: ({ hive }) => hive.id },
    STATUS,
    { ...SINCE, isWide: true },
    LOAD,
    measured("BUSY", ({ workers }) => workers?.busy ?? null),
    measured("IDLE", ({ workers }) => workers?.idle ?? null),
    measured("LOADING", ({ workers }) => workers?.loading ?? null),
    measured("GPU%", gpuPercent, percentText),
    { title: "VRAM", ...VRAM },
    { title: "RAM", cell: ({ ram }) => memoryText(ram) },
    { title: "MODELS", isWide: true, cell: ({ models }) => models?.join(",") ?? "-" },
  ],
};
