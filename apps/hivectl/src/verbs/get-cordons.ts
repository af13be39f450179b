import type { Schema } from "@repo/queen-client";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { timed } from "../output/table.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

const PAGE = 1000;

export const addGetCordons: AddVerb = (parent, does) => {
  showing(parent.command("cordons"), CORDONS)
    .alias("cordon")
    .description("Lists the hives that are kept from new work, since when, until when and why.")
    .addHelpText("after", examples(["pnpm -s hivectl get cordons --sort -since"]))
    .action(
      does((session) => {
        const { queen, call } = session;
        const pages = async function* () {
          for await (const { cordons } of queen.cordonPages({ limit: PAGE }, call)) yield cordons;
        };
        return printList(session, CORDONS, pages(), { none: "no hive is cordoned", beside: { next_after: null } });
      }),
    );
};

const CORDONS: Kind<Schema<"CordonOfHive">> = {
  name: "cordons",
  nameOf: ({ hive_id }) => hive_id,
  columns: [
    { title: "ID", cell: ({ hive_id }) => hive_id },
    timed("SINCE", ({ created_at_ms }) => created_at_ms),
    timed("UNTIL", ({ until_ms }) => until_ms),
    { title: "REASON", cell: ({ reason }) => reason },
  ],
};
