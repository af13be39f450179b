import type { Query, Schema } from "@repo/queen-client";
import { Option } from "commander";
import { examples } from "../output/help-lines.ts";
import { type Kind, sorterOf } from "../output/records.ts";
import { measured } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { percentText } from "./hive-columns.ts";
import { given } from "./hive-filter.ts";
import { someOf } from "./several.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

export type Worker = Schema<"PlacedWorker">;

interface Flags extends Pick<Query<"findWorkers">, "model" | "backend"> {
  readonly state?: string[];
}

const STATES = ["idle", "busy", "loading", "error", "shutdown"];
export const WORKER_STYLES: Readonly<Record<string, Style>> = { Idle: "green", Error: "red", Loading: "yellow" };

export const addGetWorkers: AddVerb = (parent, does) => {
  showing(parent.command("workers"), WORKERS)
    .alias("worker")
    .description("Lists the workers of live hives: what each serves, and how much of it is taken.")
    .option("--model <model>", "only those that serve it")
    .addOption(someOf(new Option("--state <state,...>", "only those in it"), STATES))
    .option("--backend <backend>", "only those of it, such as cuda")
    .addHelpText("after", examples(["pnpm -s hivectl get workers --model llama-3-8b --state idle"]))
    .action(
      does<Flags>(async (session, { flags: { model, state, backend } }) => {
        const query = given({ model, state, backend });
        const { workers } = await session.queen.findWorkers(query, session.call);
        const isAsked = Object.keys(query).length > 0;
        const none = isAsked ? "no worker of a live hive is as asked for" : "no live hive has a worker";
        // The queen tells them in no order.
        await printList(session, WORKERS, [sorterOf(WORKERS, "hive")(workers)], { none });
      }),
    );
};

/** Its own id says nothing about where it runs: hives name workers as they like. */
export const workerName = ({ hive_id, worker_id }: Worker): string => `${hive_id}/${worker_id}`;

/** Of its slots, where it says how many it has. */
export const runningText = ({ running, slots }: Pick<Worker, "running" | "slots">): string =>
  running === null ? "-" : `${running}${slots === null ? "" : `/${slots}`}`;

const bytesText = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)}GB`;

const WORKERS: Kind<Worker> = {
  name: "workers",
  nameOf: workerName,
  columns: [
    { title: "HIVE", cell: ({ hive_id }) => hive_id },
    { title: "WORKER", cell: ({ worker_id }) => worker_id },
    { title: "STATE", cell: ({ state }) => ({ text: state, style: WORKER_STYLES[state] }) },
    { title: "MODEL", cell: ({ model_id }) => model_id ?? "-" },
    { title: "RUNNING", cell: runningText, sortKey: ({ running }) => running },
    { title: "HEALTH", cell: ({ health_status }) => health_status },
    { ...measured("GPU%", ({ gpu_percent }) => gpu_percent, percentText), isWide: true },
    { ...measured("VRAM", ({ vram_bytes }) => vram_bytes, bytesText), isWide: true },
    { ...measured("RAM", ({ ram_bytes }) => ram_bytes, bytesText), isWide: true },
    { title: "BACKEND", isWide: true, cell: ({ backend }) => backend ?? "-" },
    { title: "SERVER", isWide: true, cell: ({ server }) => server ?? "-" },
    { title: "BEAT", isWide: true, cell: ({ last_heartbeat }, times) => times.at(Date.parse(last_heartbeat)) },
    { title: "URL", isWide: true, cell: ({ url }) => url ?? "-" },
  ],
};
