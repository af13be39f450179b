import { type DamagedHive, HiveStatus } from "@repo/hive-catalog";
import * as z from "zod";
import { defineRoute } from "../route.ts";
import { HIVE_EXAMPLE, hivesToJson, StoredHive } from "./hive-json.ts";
import { answerPage, NextAfter, pageQuery } from "./paging.ts";
import { hiveIds, optionalFlag, optionalListOf } from "./query-fields.ts";

export const DamagedHives = z
  .array(z.strictObject({ id: z.string(), column: z.string(), problem: z.string() }))
  .meta({ description: "Rows of this page that another program damaged, and that are left out" });

const HivePage = z
  .strictObject({
    hives: z.array(StoredHive).meta({ description: "By id" }),
    next_after: NextAfter,
    damaged: DamagedHives,
  })
  .meta({ id: "HivePage" });

export const HIVES_PER_BATCH = 100;
const condition = (description: string) => z.string("must be a text").optional().meta({ description });
/** What hives are chosen by. */
export const hiveConditions = {
  selector: condition("On labels, as Kubernetes writes it: `rack=r12,env!=prod,zone in (a,b),!drained`"),
  gpu: condition("What their GPUs must be: `nvidia:24GB:2`, `H100,A100:80GB`"),
  ram: condition("How much RAM, at least or in a range: `256GB`, `64GB..128GB`"),
  cores: condition("How many CPU cores, at least or in a range: `32`, `8..16`"),
  status: optionalListOf(HiveStatus).meta({
    description: "Those with one of these: several by commas, or by naming it several times",
  }),
  cordoned: optionalFlag.meta({ description: "Whether a cordon is in force" }),
  text: condition("A part of the id, the host or the value of a label, whatever the case of its letters"),
};
export const idsQuery = {
  id: hiveIds.meta({
    description: "Only the hives with these ids, at most 100: several by commas, or by naming it several times",
  }),
};
/** Undefined where any will do. */
export const idsOf = ({ id }: { readonly id: readonly string[] }) => (id.length === 0 ? undefined : id);
const ListQuery = z.strictObject({ ...idsQuery, ...hiveConditions, ...pageQuery("Hives") });

export const hiveListRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives",
    access: "reader",
    operationId: "listHives",
    summary: "List hives by id, page by page: all, or those for which all holds that is asked",
    description:
      "A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query.",
    query: ListQuery,
    isCostly: true,
    answer: {
      description: "One page",
      schema: HivePage,
      example: { hives: [HIVE_EXAMPLE], next_after: null, damaged: [] },
    },
  }).handle(({ query: { after, limit, id, ...conditions } }, { catalog, costs }) => {
    const damaged: z.output<typeof DamagedHives> = [];
    const onCorruptHive = (hive: DamagedHive) => void damaged.push(hive);
    const asked = { ...conditions, ids: idsOf({ id }), onCorruptHive };
    return answerPage(
      {
        page: { after, limit },
        batchSize: HIVES_PER_BATCH,
        read: async (part) => {
          const { hives, nextAfter } = await catalog.findHives({ ...asked, ...part });
          return { rows: await hivesToJson(hives, catalog), nextAfter };
        },
        toJson: (hive) => hive,
        answer: (hives, next_after) => ({ hives, next_after, damaged }),
      },
      costs,
    );
  }),
];
