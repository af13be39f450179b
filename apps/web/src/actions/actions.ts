import type { Body } from "@repo/queen-client";
import { client } from "../state/api.ts";
import { tick } from "../state/ticked.ts";
import type { ActionLine } from "../state/types.ts";
import { labelsOf } from "../words/labels.ts";

/** What is asked for before it is done. */
interface Field {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  readonly isRequired: boolean;
}

/** Something that an operator does to hives, or to the fleet as a whole. */
export interface Action {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly what: string;
  readonly fields: readonly Field[];
  /** Whether the number or the id is to be typed first. */
  readonly isDangerous?: boolean;
  run(ids: readonly string[], values: Values, isDryRun: boolean): AsyncIterable<ActionLine>;
}

type Values = Readonly<Record<string, string>>;
type Asked = Body<"actOnHives">;

const onHives =
  (toBody: (values: Values) => Asked): Action["run"] =>
  (ids, values, isDryRun) =>
    client.value.actOnHives({ ...toBody(values), ids: [...ids] }, { dry_run: isDryRun });

type Simple = "uncordon" | "detect" | "install" | "start" | "stop" | "restart";

const simple = (action: Simple, title: string, what: string): Action => ({
  title,
  what,
  fields: [],
  run: onHives(() => ({ action })),
});

export const cordon: Action = {
  title: "Cordon",
  what: "No new work for these hives. What runs goes on, and they are watched as ever.",
  fields: [
    { name: "reason", title: "Reason", hint: "new power supply", isRequired: true },
    { name: "for", title: "For", hint: "2h, 3d; empty: until it is lifted", isRequired: false },
  ],
  run: onHives(({ reason = "", for: length }) => ({ action: "cordon", reason, ...(length && { for: length }) })),
};
const uncordon = simple("uncordon", "Uncordon", "These hives get new work again.");
const detect = simple("detect", "Detect devices", "Each hive is asked which CPU and GPUs it has.");
const install = simple("install", "Install", "The agent is installed on each host over SSH, and started.");
const start = simple("start", "Start", "The agent of each hive is started.");
const stop = simple("stop", "Stop", "The agent of each hive is stopped; the hive goes offline.");
const restart = simple("restart", "Restart", "The agent of each hive is stopped and started anew.");
const label: Action = {
  title: "Label",
  what: "Labels are set, or taken away; others stay as they are.",
  fields: [{ name: "labels", title: "Labels", hint: "env=prod rack=r12 drained-", isRequired: true }],
  run: onHives(({ labels = "" }) => ({ action: "label", labels: labelsOf(labels) })),
};
const remove: Action = {
  title: "Remove",
  what: "The records of these hives are deleted. Agents that still run are refused from then on.",
  fields: [],
  isDangerous: true,
  async *run(ids, values, isDryRun) {
    for await (const line of onHives(() => ({ action: "remove" }))(ids, values, isDryRun)) {
      if (line.type === "hive" && line.outcome === "done") tick([line.hive_id], false);
      yield line;
    }
  },
};

/** What is done to no hive in particular: there is none to tell of. */
export const onNoHive = (title: string, what: string, work: () => Promise<unknown>): Action => ({
  title,
  what,
  fields: [],
  async *run() {
    yield* [];
    await work();
  },
});

export const confirmMissing = onNoHive(
  "They are gone: confirm",
  "The missing hives are marked offline with the next sweep.",
  () => client.value.confirmMassFailure(),
);

export const HIVE_ACTIONS: readonly Action[] = [cordon, uncordon, label, detect, install, start, stop, restart, remove];
