import type { Schema } from "@repo/queen-client";
import type { Kind } from "../output/records.ts";
import { addList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

type LabelKey = Schema<"LabelKey">;

export const addGetLabels: AddVerb = (parent, does) =>
  addList(parent, does, LABELS, {
    says: "Lists the labels that hives have: each key, how many have it, and its values.",
    example: "get labels --sort -hives",
    none: "no hive has a label: `hivectl label ID key=value` sets one",
    pages: ({ queen, call }, query) => queen.labelPages(query, call),
    listOf: ({ labels }) => labels,
  });

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
