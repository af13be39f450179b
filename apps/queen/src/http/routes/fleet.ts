import { GrammarError } from "@repo/device-types";
import { type DamagedHive, isLabelKey, Selector } from "@repo/hive-catalog";
import * as z from "zod";
import { withoutLabel } from "../../fleet/lists/catalog-walks.ts";
import { type ListQuery, SORTS } from "../../fleet/lists/list-query.ts";
import { count } from "../count-fields.ts";
import { invalidArgument } from "../errors.ts";
import { jsonWriter } from "../json-writer.ts";
import type { AppParts } from "../parts.ts";
import { listInPieces } from "../pieces.ts";
import { type CheckedRequest, defineRoute } from "../route.ts";
import { fromAfter, toAfter } from "./fleet-after.ts";
import { FLEET_ROW_EXAMPLE, FleetRowJson, fleetRowText } from "./fleet-row-json.ts";
import { DamagedHives, hiveConditions, idsOf, idsQuery } from "./hive-list.ts";
import { batchesFrom, NextAfter, pageQuery } from "./paging.ts";
import { decimal, name, optionalFlag, vramBytesOf, vramGb } from "./query-fields.ts";

const FleetTotalsJson = z
  .strictObject({
    total: count,
    online: count,
    offline: count,
    unknown: count,
    cordoned: count,
    on_probation: count,
    unreachable: count,
    not_beating: count,
  })
  .meta({
    id: "FleetTotals",
    description:
      "Of the whole fleet, whatever was asked for. A hive whose status another program damaged is in `total` alone; `unreachable` are those that are online though their port does not answer, and `not_beating` those of which no heartbeats arrive",
  });
const totalsToJson = jsonWriter(FleetTotalsJson);

const FleetList = z
  .strictObject({
    hives: z.array(FleetRowJson).meta({ description: "In the order that was asked for" }),
    next_after: NextAfter,
    totals: FleetTotalsJson,
    position: z.string().meta({
      description:
        "The id of the newest event before anything of this page was read: `GET /v1/events?after=` with that of the first page tells all that came since",
    }),
    damaged: DamagedHives,
  })
  .meta({ id: "FleetPage" });

const TURNED = SORTS.map((sort) => `-${sort}` as const);
const SORT = `must be one of ${SORTS.join(", ")}, with a - before it to turn it round`;
const FleetQuery = z.strictObject({
  ...idsQuery,
  ...hiveConditions,
  on_probation: optionalFlag.meta({ description: "Whether it gets no new work, because it went on and off too often" }),
  unreachable: optionalFlag.meta({ description: "Whether its health checks fail, as `totals` counts them" }),
  not_beating: optionalFlag.meta({
    description: "Whether it is online by its health checks alone: its heartbeats do not arrive",
  }),
  takes_work: optionalFlag.meta({ description: "Whether one of its workers could be given work now" }),
  model: name.optional().meta({ description: "That one of its workers serves" }),
  min_free_vram_gb: decimal(vramGb.optional()).meta({
    description: "GB of 2^30 bytes that are free on all its GPUs together, as `vram.free_bytes` says",
  }),
  group_by: z.string().optional().meta({
    description: "The key of a label: in the order of its values, hives without it last. Not with `sort`",
  }),
  sort: z
    .enum([...SORTS, ...TURNED], SORT)
    .optional()
    .meta({
      description:
        "By id, unless it is said; a - before it turns it round. Equal ones come by id; by `free_vram`, `load` and `last_beat`, hives that are not live, or of which it is not known, come last",
    }),
  ...pageQuery("Hives"),
});
type Query = z.output<typeof FleetQuery>;

export const fleetRoutes = [
  defineRoute({
    method: "get",
    path: "/v1/fleet",
    access: "reader",
    operationId: "listFleet",
    summary: "All that is known of hives in one answer, page by page, in any order",
    description:
      "A page may be short, or empty, although there are more: `next_after` says where to go on, with the same query. No hive comes twice. In an order whose values change, one that moved since the first page is left out: the events after its `position` tell it.",
    query: FleetQuery,
    isCostly: true,
    answer: {
      description: "One page",
      schema: FleetList,
      example: {
        hives: [FLEET_ROW_EXAMPLE],
        next_after: null,
        totals: {
          total: 12,
          online: 10,
          offline: 1,
          unknown: 1,
          cordoned: 2,
          on_probation: 0,
          unreachable: 1,
          not_beating: 0,
        },
        position: "mgsu4c0gk2x9qf-1042",
        damaged: [],
      },
    },
    problems: ["LIST_EXPIRED", "TOO_MANY_TO_SORT"],
  }).handle(async (request, parts) => {
    const { events, lists } = parts;
    const { position } = events;
    const damaged: DamagedHive[] = [];
    const query = listQueryOf(request.query, (hive) => void damaged.push(hive));
    const { after, limit } = request.query;
    const totals = totalsToJson(await lists.totals());
    const page = await lists.open(query, after === undefined ? undefined : fromAfter(after, query, events.start));
    const readNext = readerOf(page, limit, request, parts);
    const whole = (hives: never[]): z.input<typeof FleetList> => {
      const next_after = page.cursor === undefined ? null : toAfter(page.cursor, query, events.start);
      return { hives, next_after, totals, position, damaged };
    };
    return listInPieces(batchesFrom(await readNext(), readNext), whole, {
      turn: () => parts.costs.turn(),
      toText: fleetRowText,
    });
  }),
];

type Page = Awaited<ReturnType<AppParts["lists"]["open"]>>;

function readerOf(page: Page, limit: number, request: CheckedRequest, { costs }: AppParts) {
  let left = limit;
  return async () => {
    await costs.turn();
    const { scanned } = page;
    const rows = await page.read(left);
    left -= rows.length;
    // What is answered is charged by its length.
    costs.countScanned(request, page.scanned - scanned - rows.length);
    return { items: rows, isLast: left === 0 || page.isOver };
  };
}

function listQueryOf(query: Query, onCorruptHive: ListQuery["onCorruptHive"]): ListQuery {
  const { takes_work: takesWork, model, min_free_vram_gb: minFreeGb, group_by: groupBy, sort, ...others } = query;
  const {
    on_probation: onProbation,
    not_beating: notBeating,
    unreachable,
    id: _id,
    after: _after,
    limit: _limit,
    ...conditions
  } = others;
  if (groupBy !== undefined) checkGroups(query, groupBy);
  const descending = sort?.startsWith("-") ?? false;
  const name = SORTS.find((one) => sort === one || sort === `-${one}`) ?? "id";
  const asked = { takesWork, onProbation, unreachable, notBeating, model, minFreeVramBytes: vramBytesOf(minFreeGb) };
  return { conditions: { ...conditions, ids: idsOf(query) }, ...asked, sort: name, descending, groupBy, onCorruptHive };
}

function checkGroups({ selector, sort }: Query, groupBy: string): void {
  if (sort !== undefined)
    throw invalidArgument("sort", "must not be given with group_by, which is an order of its own");
  if (!isLabelKey(groupBy)) throw invalidArgument("group_by", "must be the key of a label");
  try {
    Selector.parse(withoutLabel(selector, groupBy));
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    throw invalidArgument("selector", `with !${groupBy}, which group_by adds: ${error.message}`);
  }
}
