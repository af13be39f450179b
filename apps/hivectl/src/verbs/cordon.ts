import { UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import type { AddVerb, Call } from "./verb.ts";

interface Flags extends BulkFlags {
  readonly reason?: string;
  readonly for?: string;
  readonly until?: string;
  readonly overwrite?: true;
}

/** Until it is asked for: what is to be cordoned, and whether that can be, is looked at first. */
const UNSAID = "not said yet";

export const addCordon: AddVerb = (parent, does) => {
  addBulkFlags(parent.command("cordon").description("Keeps new work from hives; what runs there goes on."))
    .option("--reason <text>", "why, for whoever wonders; asked for on a terminal, unless -y")
    .option("--for <duration>", "how long: 2h, 1d12h; default: until it is lifted")
    .option("--until <time>", "until when, as ISO 8601: 2026-12-01T08:00Z")
    .option("--overwrite", "of several also those whose cordon ends later; one that is named alone is cordoned anew")
    .addHelpText(
      "after",
      examples(
        ['pnpm -s hivectl cordon -l rack=r12 --reason "new fans" --for 2h'],
        ["pnpm -s hivectl describe hive gpu-01", "shows what still runs on one of them"],
      ),
    )
    .action(does<Flags>(cordon));
  addBulkFlags(parent.command("uncordon").description("Gives hives work again."))
    .addHelpText("after", examples(["pnpm -s hivectl uncordon -l rack=r12"]))
    .action(
      does<BulkFlags>((session, call) => actInBulk(session, call, { title: "Uncordon", deed: { action: "uncordon" } })),
    );
};

async function cordon(session: Session, call: Call<Flags>): Promise<number> {
  const { until, for: duration } = call.flags;
  if (until !== undefined && duration !== undefined) throw new UsageProblem("say --for or --until: not both");
  const { reason } = call.flags;
  const end = { ...(until !== undefined && { until }), ...(duration !== undefined && { for: duration }) };
  // Said of all: the last part of many may be one hive, which nobody named alone.
  const isAlone = call.args.length === 1 && call.args[0] !== "-";
  const overwrite = call.flags.overwrite === true || isAlone;
  const deedFor = (why: string) => ({ action: "cordon" as const, reason: why, overwrite, ...end });
  return actInBulk(session, call, {
    title: "Cordon",
    deed: deedFor(reason ?? UNSAID),
    review: (line) =>
      LONGER.test(line.detail) ? { ...line, detail: `${line.detail}; --overwrite ends it sooner` } : line,
    ...(reason === undefined && { complete: async () => deedFor(await askReason(session)) }),
  });
}

/** As the queen says it of a hive that is skipped. */
const LONGER = /^is cordoned for longer, /;

async function askReason(session: Session): Promise<string> {
  if (session.flags.yes) throw new UsageProblem("a cordon needs a reason, and --yes asks nothing: --reason");
  if (!session.terminal.canAsk) {
    throw new UsageProblem(
      "cordon asks for a reason, and before it does anything, and there is no terminal: --reason and --yes answer",
    );
  }
  const reason = await session.ask("Why?");
  if (reason === "") throw new UsageProblem("a cordon needs a reason");
  return reason;
}
