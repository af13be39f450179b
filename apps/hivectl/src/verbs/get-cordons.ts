import type { Schema } from "@repo/queen-client";
import type { Kind } from "../output/records.ts";
import { timed } from "../output/table.ts";
import { addList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

export const addGetCordons: AddVerb = (parent, does) =>
  addList(parent, does, CORDONS, {
    says: "Lists the hives that are kept from new work, since when, until when and why.",
    example: "get cordons --sort -since",
    none: "no hive is cordoned",
    pages: ({ queen, call }, query) => queen.cordonPages(query, call),
    listOf: ({ cordons }) => cordons,
  });

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
