import type { Schema } from "@repo/queen-client";
import { EXIT } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { confirmNumber, refuseUnasked } from "./bulk.ts";
import { HIVES, type HiveRow } from "./hive-columns.ts";
import { answerOf, beforeAnything } from "./outcome.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";

/** By these the queen says of a hive that it would be offline, were marks not held back. */
const HELD_BACK: readonly Schema<"HiveLiveness">["rule"][] = ["mass_failure", "network_lost"];
const PAGE = 1000;

export const addConfirmMissing: AddVerb = (parent, does) => {
  showing(parent.command("confirm-missing"), HIVES, { isSorted: false })
    .description(
      "Says that hives that went missing at once are gone: the queen marks them offline then. Lists them first.",
    )
    .addHelpText("after", examples(["pnpm -s hivectl confirm-missing"]))
    .action(does(confirmMissing));
};

async function confirmMissing(session: Session): Promise<number> {
  const { terminal, queen, call, flags } = session;
  terminal.goOnUnread();
  const { liveness } = await beforeAnything(session, () => queen.getHealth(call));
  // After a stall the queen gives all of them time, and none is missing until that is over.
  if ((liveness.state !== "mass_failure" && liveness.state !== "network_lost") || liveness.missing === 0) {
    terminal.say("no hive is held back from being marked offline: nothing to confirm");
    return EXIT.done;
  }
  refuseUnasked(session, "confirm-missing");
  await beforeAnything(session, async () => {
    const count = await listMissing(session);
    if (!flags.yes) await confirmNumber(session, "Confirm the loss of", count);
  });
  const { missing, online } = await answerOf(session, "it was confirmed", queen.confirmMassFailure(call));
  terminal.say(`${missing} of ${online} online hives are missing: they are marked offline as the queen next looks`);
  return EXIT.done;
}

/** Says how many there are. */
async function listMissing(session: Session): Promise<number> {
  const { queen, call } = session;
  const printer = session.printer(HIVES);
  const isMissing = ({ status }: HiveRow) => HELD_BACK.includes(status.rule);
  let count = 0;
  for await (const { hives } of queen.fleetPages({ status: "online", limit: PAGE }, call)) {
    const missing = hives.filter(isMissing);
    if (missing.length > 0) await printer.print(missing);
    count += missing.length;
  }
  await printer.end();
  return count;
}
