import { printable } from "@repo/process-log/printable";
import { UsageProblem } from "../failure.ts";
import { examples } from "../output/help-lines.ts";
import { addFieldFlags, type FieldFlags, fieldsOf } from "./hive-fields.ts";
import { answerOf } from "./outcome.ts";
import type { AddVerb } from "./verb.ts";

export const addSet: AddVerb = (parent, does) => {
  addFieldFlags(
    parent
      .command("set")
      .description('Changes where a hive is, and how the queen logs in there. --ssh-host "" and the like take it away.')
      .argument("<id>", "of the hive"),
  )
    .addHelpText("after", examples(["pnpm -s hivectl set gpu-01 --host 10.0.1.17 --ssh-user admin"]))
    .action(
      does<FieldFlags>(async (session, { args: [id = ""], flags }) => {
        const fields = fieldsOf(flags);
        const named = Object.entries(fields).map(([field, value]) => `${field}=${value ?? ""}`);
        if (named.length === 0) throw new UsageProblem("say what to change: --host, --port or --ssh-host, for one");
        const changed = session.queen.changeHive(id, fields, session.call);
        const hive = await answerOf(session, `${id} was changed`, changed);
        await session.show(hive, () => `${printable(`${id}  changed  ${named.join(" ")}`)}\n`, id);
      }),
    );
};
