import type { Schema } from "@repo/queen-client";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

type LabelKey = Schema<"LabelKey">;

const PAGE = 1000;

export const addGetLabels: AddVerb = (parent, does) => {
  showing(parent.command("labels"), LABELS)
    .alias("label")
    .description("Lists the labels that hives have: each key, how many have it, and its values.")
    .addHelpText("after", examples(["pnpm -s hivectl get labels --sort -hives"]))
    .action(
      does((session) => {
        const { queen, call } = session;
        const pages = async function* () {
          for await (const { labels } of queen.labelPages({ limit: PAGE }, call)) yield labels;
        };
        const none = "no hive has a label: `hivectl label ID key=value` sets one";
        return printList(session, LABELS, pages(), { none, beside: { next_after: null } });
      }),
    );
};

const countText = ({ count, is_more }: { count: number; is_more: boolean }): string => `${count}${is_more ? "+" : ""}`;

function valuesText({ values, has_more_values }: LabelKey): string {
  const said = values.map((one) => `${one.value === "" ? '""' : one.value} ${countText(one)}`);
  return [...said, ...(has_more_values ? ["…"] : [])].join(", ");
}

const LABELS: Kind<LabelKey> = {
  name: "labels",
  nameOf: ({ key }) => key,
  columns: [
    { title: "KEY", cell: ({ key }) => key },
    { title: "HIVES", cell: countText, sortKey: ({ count }) => count },
    { title: "VALUES", cell: valuesText },
  ],
};
