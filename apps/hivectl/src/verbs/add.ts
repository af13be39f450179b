import { printable } from "@repo/process-log/printable";
import { QueenProblem } from "@repo/queen-client";
import { Option } from "commander";
import { EXIT, UsageProblem } from "../failure.ts";
import { examples, sentencesBelow } from "../output/help-lines.ts";
import type { Session } from "../session.ts";
import { ADDED, addMany, IS_THERE } from "./add-many.ts";
import type { HiveRow } from "./hive-columns.ts";
import { addFieldFlags, type FieldFlags, fieldsOf, labelsOf } from "./hive-fields.ts";
import { answerOf } from "./outcome.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb, Call } from "./verb.ts";

interface Flags extends FieldFlags {
  readonly label?: readonly string[];
  readonly ifMissing?: true;
}

/** Of an agent, where nothing says another. */
const PORT = 8600;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1)$/;

export const addAdd: AddVerb = (parent, does) => {
  addFieldFlags(
    showing(parent.command("add"), ADDED, { isSorted: false })
      .description(
        "Adds a hive, or, with -, those on stdin: a line each, as `id host[:port] [label=value]…` or as JSON.",
      )
      .argument("[id]", "of the hive; - reads many from stdin, for which the flags say what their lines do not"),
  )
    .addOption(
      new Option("--label <key=value>", "a label that it has from the first; may be given several times").argParser(
        (text: string, before: readonly string[] = []) => [...before, text],
      ),
    )
    .option("--if-missing", "where it is there already, leave it as it is: no failure")
    .addHelpText("after", sentencesBelow(`Without --port, or a port in a line, it is ${PORT}.`))
    .addHelpText(
      "after",
      examples(
        ["pnpm -s hivectl add gpu-01 --host 10.0.1.17 --ssh-host 10.0.1.17 --ssh-user admin --label rack=r12"],
        ["pnpm -s hivectl add - --label env=prod < hives.txt"],
        ["pnpm -s hivectl add - --if-missing < hives.txt", "the same again, with those that are new"],
      ),
    )
    .action(does<Flags>(add));
};

async function add(session: Session, { args: [id], flags }: Call<Flags>): Promise<number> {
  if (id === undefined) throw new UsageProblem("say which hive: its id, or - for those on stdin (`hivectl add -`)");
  const { host, port = PORT, ...others } = fieldsOf(flags);
  const labels = labelsOf(flags.label ?? []);
  if (id === "-") {
    if (host !== undefined) throw new UsageProblem("--host is of one hive: the lines on stdin say theirs");
    return addMany(session, { port, ...others, labels, ifMissing: flags.ifMissing === true });
  }
  if (host === undefined) throw new UsageProblem("say where its agent is: --host");
  const added = session.queen.addHive({ id, host, port, ...others, labels }, session.call);
  const hive = await answerOf(session, `${id} was added`, added).catch((error: unknown) => {
    if (flags.ifMissing && error instanceof QueenProblem && error.code === IS_THERE) return undefined;
    throw error;
  });
  if (hive === undefined) {
    await session.show(await session.queen.getHive(id, session.call), () => `${printable(id)}  skipped\n`, id);
    return EXIT.done;
  }
  await session.show(hive, () => `${printable(id)}  added\n`, id);
  session.terminal.say(`\`hivectl describe hive ${id}\` shows it, and ${agentHint(hive)}`);
  return EXIT.done;
}

/** As docs/lifecycle.md says it: without SSH the queen's own machine alone is within her reach. */
function agentHint({ id, host, ssh_host }: HiveRow["hive"]): string {
  if (ssh_host !== null) return `\`hivectl install ${id}\` puts an agent there`;
  if (LOOPBACK.test(host)) return `\`hivectl start ${id}\` starts its agent on the queen's machine`;
  return `\`hivectl set ${id} --ssh-host HOST\` says where the queen logs in to put an agent there`;
}
