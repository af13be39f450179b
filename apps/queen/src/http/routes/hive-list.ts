import { HiveStatus } from "@repo/hive-catalog";
import * as z from "zod";
import { defineRoute } from "../route.ts";
import { HIVE_EXAMPLE, StoredHive, withLabels } from "./hive-json.ts";
import { answerPage, NextAfter, pageQuery } from "./paging.ts";

const HivePage = z
  .strictObject({
    hives: z.array(StoredHive).meta({ description: "By id" }),
    next_after: NextAfter,
    damaged: z
      .array(z.strictObject({ id: z.string(), column: z.string(), problem: z.string() }))
      .meta({ description: "Rows of this page that another program damaged, and that are left out" }),
  })
  .meta({ id: "HivePage" });

const HIVES_PER_STEP = 100;
const ListQuery = z.strictObject({ status: HiveStatus.optional(), ...pageQuery("Hives") });

export const hiveListRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/hives",
    access: "reader",
    operationId: "listHives",
    tag: "hives",
    summary: "List hives by id, page by page",
    query: ListQuery,
    isCostly: true,
    answer: {
      description: "One page",
      schema: HivePage,
      example: { hives: [HIVE_EXAMPLE], next_after: null, damaged: [] },
    },
  }).handle(({ query: { status, ...page } }, { catalog, costs }, reply) => {
    const damaged: z.output<typeof HivePage>["damaged"] = [];
    const onCorruptHive = ({ id, column, problem }: (typeof damaged)[number]) =>
      void damaged.push({ id, column, problem });
    reply.type("application/json; charset=utf-8");
    return answerPage(
      {
        page,
        stepSize: HIVES_PER_STEP,
        read: async (step) => {
          const options = { ...step, onCorruptHive };
          const hives = status === undefined ? catalog.listHives(options) : catalog.findHivesByStatus(status, options);
          return withLabels(await hives, catalog);
        },
        toJson: (hive) => hive,
        answer: (hives, next_after) => ({ hives, next_after, damaged }),
      },
      costs,
    );
  }),
];
