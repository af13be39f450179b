import { examples } from "../output/help-lines.ts";
import { HIVES } from "./hive-columns.ts";
import { addListFlags, type ListFlags, listHives } from "./hive-list.ts";
import { showing } from "./shown-columns.ts";
import type { AddVerb } from "./verb.ts";

export const addGetHives: AddVerb = (parent, does) => {
  addListFlags(
    showing(parent.command("hives"), HIVES)
      .alias("hive")
      .description("Lists hives: all, those that are named, or those for which all holds that is asked."),
  )
    .addHelpText("after", examples(["pnpm -s hivectl get hives -l rack=r12 --gpu H100:80GB -o wide"]))
    .action(does<ListFlags>((session, call) => listHives(session, call, { kind: HIVES })));
};
