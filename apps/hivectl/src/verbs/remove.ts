import { examples } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { actInBulk, addBulkFlags, type BulkFlags } from "./bulk.ts";
import { type ActionOnHive, named } from "./bulk-report.ts";
import { rowsOf } from "./one-hive.ts";
import type { AddVerb } from "./verb.ts";

interface Flags extends BulkFlags {
  readonly force?: true;
}

export const addRemove: AddVerb = (parent, does) => {
  addBulkFlags(parent.command("remove").description("Removes hives from the fleet. Nothing changes on their hosts."))
    .option("--force", "also where an agent still runs, which stays; for hosts that are gone")
    .addHelpText("after", examples(["pnpm -s hivectl remove --status offline -l rack=r12"]))
    .action(
      does<Flags>((session, call) => {
        const isForced = call.flags.force === true;
        return actInBulk(session, call, {
          title: isForced ? "Remove by force" : "Remove",
          deed: { action: "remove", ...(isForced && { force: true }) },
          isGrave: isForced,
          complete: (todo) => warnOfAgents(session, todo),
        });
      }),
    );
};

/** Nothing of a removal reaches the host: whose agent beats, goes on to do so. */
async function warnOfAgents(session: Session, todo: readonly ActionOnHive[]): Promise<undefined> {
  const { terminal } = session;
  const online: string[] = [];
  const ids = todo.map(({ hive_id }) => hive_id);
  for await (const batch of rowsOf(session, ids, { status: "online" })) {
    online.push(...batch.flatMap(([id, row]) => (row === undefined ? [] : id)));
  }
  const [only, ...others] = online;
  if (only === undefined) return;
  terminal.say(
    others.length === 0
      ? `${only} is online: its agent runs on, and its heartbeats will be refused; end it on its host`
      : `${online.length} are online: their agents run on, and their heartbeats will be refused; end them on their hosts: ${named(online)}`,
  );
}
