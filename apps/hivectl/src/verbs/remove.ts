import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import type { AddVerb } from "./verb.ts";

interface Flags extends BulkFlags {
  readonly force?: true;
}

export const addRemove: AddVerb = (parent, does) => {
  addBulkFlags(parent.command("remove").description("Removes hives from the fleet. Nothing changes on their hosts."))
    .option("--force", "also where an agent still runs, which stays; for hosts that are gone")
    .addHelpText("after", "\nExample: pnpm -s hivectl remove --status offline -l rack=r12")
    .action(
      does<Flags>((session, call) => {
        const isForced = call.flags.force === true;
        return actInBulk(session, call, {
          title: isForced ? "Remove by force" : "Remove",
          deed: { action: "remove", ...(isForced && { force: true }) },
          isGrave: isForced,
        });
      }),
    );
};
