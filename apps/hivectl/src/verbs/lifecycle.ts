import { examples } from "../output/help-lines.ts";
import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import type { AddVerb } from "./verb.ts";

interface Flags extends BulkFlags {
  /** False by --no-wait. */
  readonly wait: boolean;
}

const OPERATIONS = [
  {
    action: "install",
    title: "Install the agent on",
    says: "Installs the hive's agent on hosts over SSH, or renews it, and starts it.",
    example: "install -l rack=r12 --parallel 8",
  },
  {
    action: "start",
    title: "Start the agent of",
    says: "Starts the agents of hives where they do not run.",
    example: "start gpu-01 gpu-02",
    isHarmless: true,
  },
  {
    action: "stop",
    title: "Stop the agent of",
    says: "Stops the agents of hives. The servers beside them run on.",
    example: "stop -l rack=r12 --no-wait",
  },
  {
    action: "restart",
    title: "Restart the agent of",
    says: "Stops the agents of hives, and starts them anew.",
    example: "restart --status offline",
  },
] as const;

export const addLifecycle: AddVerb = (parent, does) => {
  for (const { action, title, says, example, ...more } of OPERATIONS) {
    addBulkFlags(parent.command(action).description(`${says} Shows each step, and waits for the end.`))
      .option("--no-wait", "only begin: `get operations -w` and `wait --for op=ID` follow it")
      .addHelpText("after", examples([`pnpm -s hivectl ${example}`]))
      .action(
        does<Flags>((session, call) =>
          actInBulk(session, call, { title, deed: { action }, wait: call.flags.wait, ...more }),
        ),
      );
  }
  addBulkFlags(
    parent.command("detect").description("Asks hives for their CPU, memory and GPUs, and stores what they say."),
  )
    .addHelpText("after", examples(["pnpm -s hivectl detect -l rack=r12"]))
    .action(
      does<BulkFlags>((session, call) =>
        actInBulk(session, call, { title: "Detect the devices of", deed: { action: "detect" }, isHarmless: true }),
      ),
    );
};
