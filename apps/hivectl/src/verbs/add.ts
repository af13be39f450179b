import { printable } from "@repo/process-log/printable";
import { Option } from "commander";
import { UsageProblem } from "../failure.ts";
import type { CommonFlags, Session } from "../session.ts";
import { addMany } from "./add-many.ts";
import { addFieldFlags, type FieldFlags, fieldsOf, labelsOf } from "./hive-fields.ts";
import type { AddVerb } from "./verb.ts";

interface Flags extends FieldFlags {
  readonly label?: readonly string[];
}

/** Of an agent, where nothing says another. */
const PORT = 8600;

export const addAdd: AddVerb = (parent, does) => {
  addFieldFlags(
    parent
      .command("add")
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
    .addHelpText(
      "after",
      `
Without --port, or a port in a line, it is ${PORT}.
Examples:
  pnpm -s hivectl add gpu-01 --host 10.0.1.17 --ssh-host 10.0.1.17 --ssh-user admin --label rack=r12
  pnpm -s hivectl add - --label env=prod < hives.txt`,
    )
    .action(does<Flags>(add));
};

async function add(
  session: Session,
  { args: [id], flags }: { args: readonly string[]; flags: Flags & CommonFlags },
): Promise<number> {
  if (id === undefined) throw new UsageProblem("say which hive: its id, or - for those on stdin (`hivectl add -`)");
  const { host, port = PORT, ...others } = fieldsOf(flags);
  const labels = labelsOf(flags.label ?? []);
  if (id === "-") {
    if (host !== undefined) throw new UsageProblem("--host is of one hive: the lines on stdin say theirs");
    return addMany(session, { port, ...others, labels });
  }
  if (host === undefined) throw new UsageProblem("say where its agent is: --host");
  const hive = await session.queen.addHive({ id, host, port, ...others, labels }, session.call);
  await session.show(hive, () => `${printable(id)}  added\n`);
  session.terminal.say(`\`hivectl describe hive ${id}\` shows it, and \`hivectl install ${id}\` puts an agent there`);
  return 0;
}
