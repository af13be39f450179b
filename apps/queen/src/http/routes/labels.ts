import * as z from "zod";
import { jsonWriter } from "../json-writer.ts";
import { defineRoute } from "../route.ts";
import { answerPage, foundOf, NextAfter, pageQuery } from "./paging.ts";

const count = {
  count: z.int().min(0).max(1000).meta({ description: "Hives that have it" }),
  is_more: z.boolean().meta({ description: "Whether there are more than 1,000" }),
};
const LabelKeyJson = z
  .strictObject({
    key: z.string(),
    ...count,
    values: z.array(z.strictObject({ value: z.string(), ...count })).meta({ description: "The first 100, in order" }),
    has_more_values: z.boolean(),
  })
  .meta({ id: "LabelKey", description: "A key that some hives have, and its values" });
const labelKeyToJson = jsonWriter(LabelKeyJson);

/** Each with all that is counted of it: some milliseconds. */
const KEYS_PER_BATCH = 5;

export const labelsRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/labels",
    access: "reader",
    operationId: "listLabels",
    summary: "The keys of labels that hives have, with their values and with how many hives have them",
    query: z.strictObject(pageQuery("Keys")),
    isCostly: true,
    answer: {
      description: "One page",
      schema: z.strictObject({
        labels: z.array(LabelKeyJson).meta({ description: "By key" }),
        next_after: NextAfter,
      }),
      example: {
        labels: [
          {
            key: "env",
            count: 1000,
            is_more: true,
            values: [{ value: "prod", count: 12, is_more: false }],
            has_more_values: false,
          },
        ],
        next_after: null,
      },
    },
  }).handle(({ query: page }, { catalog, costs }) =>
    answerPage(
      {
        page,
        batchSize: KEYS_PER_BATCH,
        read: async (part) => foundOf(await catalog.labels.keys(part), part, ({ key }) => key),
        toJson: labelKeyToJson,
        answer: (labels, next_after) => ({ labels, next_after }),
      },
      costs,
    ),
  ),
];
