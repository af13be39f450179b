import type { Answer, Query } from "@repo/queen-client";
import { InvalidArgumentError, Option } from "commander";
import { examples, sentencesBelow } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { runningText, WORKER_STYLES, type Worker } from "./get-workers.ts";
import { addTraitFlags, given, type TraitFlags, traitsOf } from "./hive-filter.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";

type Best = Answer<"findBestWorker">;

interface Flags extends TraitFlags {
  readonly backend?: string;
  readonly minFreeVramGb?: number;
  readonly cold?: true;
}

export const addBest: AddVerb = (parent, does) => {
  addTraitFlags(
    showing(parent.command("best"), BEST, { isSorted: false })
      .description("Names the worker to send work to: the idle, healthy one with the most room. To ask is to take it.")
      .argument("<model>", "that it serves"),
  )
    .option("--backend <backend>", "only one of it, such as cuda")
    .addOption(new Option("--min-free-vram-gb <number>", "only where the GPUs have so much free").argParser(readGb))
    .option("--cold", "where there is none, a hive that has the model on disk, whose server loads it when it is asked")
    .addHelpText(
      "after",
      sentencesBelow(`The queen counts each answer as work that was handed out, until the hive has looked at its servers again; \`get workers\` only looks.
Where there is none it says why, and ends with 1.`),
    )
    .addHelpText(
      "after",
      examples(
        ["pnpm -s hivectl best llama-3-8b -l env=prod"],
        ["pnpm -s hivectl best llama-3-8b --columns url --no-headers"],
      ),
    )
    .action(
      does<Flags>(async (session, { args: [model = ""], flags }) => {
        const { backend, minFreeVramGb: min_free_vram_gb, cold } = flags;
        const query: Query<"findBestWorker"> = {
          model,
          ...traitsOf(flags),
          ...given({ backend, min_free_vram_gb, cold }),
        };
        await session.showRecord(BEST, await session.queen.findBestWorker(query, session.call));
      }),
    );
};

function readGb(text: string): number {
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number of GB, such as 40.");
}

const isWorker = (best: Best): best is Worker => !("cold" in best);

const BEST: Kind<Best> = {
  name: "workers",
  nameOf: (best) => (isWorker(best) ? best.worker_id : best.hive_id),
  columns: [
    { title: "HIVE", cell: ({ hive_id }) => hive_id },
    { title: "WORKER", cell: (best) => (isWorker(best) ? best.worker_id : "-") },
    {
      title: "STATE",
      cell: (best) => {
        const text = isWorker(best) ? best.state : "Cold";
        return { text, style: WORKER_STYLES[text] };
      },
    },
    { title: "MODEL", cell: ({ model_id }) => model_id ?? "-" },
    { title: "RUNNING", cell: (best) => (isWorker(best) ? runningText(best) : "-") },
    { title: "URL", cell: ({ url }) => url ?? "-" },
    { title: "SERVER", isWide: true, cell: ({ server }) => server ?? "-" },
    { title: "BACKEND", isWide: true, cell: (best) => (isWorker(best) && best.backend) || "-" },
  ],
};
