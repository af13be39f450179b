import { UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { CommonFlags, Session } from "../session.ts";
import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import type { AddVerb } from "./verb.ts";

interface Flags extends BulkFlags {
  readonly reason?: string;
  readonly for?: string;
  readonly until?: string;
}

/** Until it is asked for: what is to be cordoned, and whether that can be, is looked at first. */
const UNSAID = "not said yet";

export const addCordon: AddVerb = (parent, does) => {
  addBulkFlags(parent.command("cordon").description("Keeps new work from hives; what runs there goes on."))
    .option("--reason <text>", "why, for whoever wonders; asked for on a terminal, unless -y")
    .option("--for <duration>", "how long: 2h, 1d12h; default: until it is lifted")
    .option("--until <time>", "until when, as ISO 8601: 2026-12-01T08:00Z")
    .addHelpText("after", examples(['pnpm -s hivectl cordon -l rack=r12 --reason "new fans" --for 2h']))
    .action(does<Flags>(cordon));
  addBulkFlags(parent.command("uncordon").description("Gives hives work again."))
    .addHelpText("after", examples(["pnpm -s hivectl uncordon -l rack=r12"]))
    .action(
      does<BulkFlags>((session, call) => actInBulk(session, call, { title: "Uncordon", deed: { action: "uncordon" } })),
    );
};

async function cordon(
  session: Session,
  call: { args: readonly string[]; flags: Flags & CommonFlags },
): Promise<number> {
  const { until, for: duration } = call.flags;
  if (until !== undefined && duration !== undefined) throw new UsageProblem("say --for or --until: not both");
  const { reason } = call.flags;
  const end = { ...(until !== undefined && { until }), ...(duration !== undefined && { for: duration }) };
  const deedFor = (why: string) => ({ action: "cordon" as const, reason: why, ...end });
  return actInBulk(session, call, {
    title: "Cordon",
    deed: deedFor(reason ?? UNSAID),
    ...(reason === undefined && { complete: async () => deedFor(await askReason(session)) }),
  });
}

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
