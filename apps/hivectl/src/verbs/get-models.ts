import type { Schema } from "@repo/queen-client";
import type { Kind } from "../output/records.ts";
import { measured } from "../output/table.ts";
import { addList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

type Model = Schema<"Model">;

export const addGetModels: AddVerb = (parent, does) =>
  addList(parent, does, MODELS, {
    says: "Lists the models that live hives serve or have on disk, and how many workers serve each.",
    example: "get models --sort -idle",
    none: "no live hive serves a model, nor has one on disk",
    pages: ({ queen, call }, query) => queen.modelPages(query, call),
    listOf: ({ models }) => models,
  });

const MODELS: Kind<Model> = {
  name: "models",
  nameOf: ({ model }) => model,
  columns: [
    { title: "MODEL", cell: ({ model }) => model },
    measured("IDLE", ({ workers }) => workers.idle),
    measured("IDLE-KEPT", ({ idle_kept_from_work }) => idle_kept_from_work),
    measured("BUSY", ({ workers }) => workers.busy),
    measured("LOADING", ({ workers }) => workers.loading),
    measured("ERROR", ({ workers }) => workers.error),
    measured("ON-DISK", ({ hives_with_it_on_disk }) => hives_with_it_on_disk),
  ],
};
