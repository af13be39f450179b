import type { Schema } from "@repo/queen-client";
import { examples } from "../output/help-lines.ts";
import type { Kind } from "../output/records.ts";
import { measured } from "../output/table.ts";
import { showing } from "./shown-columns.ts";
import { printList } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

type Model = Schema<"Model">;

const PAGE = 1000;

export const addGetModels: AddVerb = (parent, does) => {
  showing(parent.command("models"), MODELS)
    .alias("model")
    .description("Lists the models that live hives serve or have on disk, and how many workers serve each.")
    .addHelpText("after", examples(["pnpm -s hivectl get models --sort -idle"]))
    .action(
      does((session) => {
        const { queen, call } = session;
        const pages = async function* () {
          for await (const { models } of queen.modelPages({ limit: PAGE }, call)) yield models;
        };
        const none = "no live hive serves a model, nor has one on disk";
        return printList(session, MODELS, pages(), { none, beside: { next_after: null } });
      }),
    );
};

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
