import { HIVE_STATUSES } from "@repo/hive-catalog";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addHive, beatJson, startTestQueen, type TestQueen, workerJson } from "../../../test/test-queen.ts";

const GB = 2 ** 30;
/** Those with an even number stand still; to the others something happens. */
const HIVES = 14;
const idOf = (n: number) => `hive-${String(n).padStart(2, "0")}`;
const RACKS = ["r1", "r2", "r3", null] as const;
const devices = { cpu: null, gpus: [{ index: 0, name: "NVIDIA L4", vram_gb: 24 }] };

const hive = fc.record({
  status: fc.constantFrom(...HIVE_STATUSES),
  rack: fc.constantFrom(...RACKS),
  /** How much of its GPU is used; null of one that does not beat. */
  usedGb: fc.option(fc.integer({ min: 0, max: 3 })),
  running: fc.integer({ min: 0, max: 4 }),
});
type AHive = {
  status: (typeof HIVE_STATUSES)[number];
  rack: (typeof RACKS)[number];
  usedGb: number | null;
  running: number;
};

const change = fc.record({
  kind: fc.constantFrom("status", "label", "beat", "remove", "add", "status by another", "label by another", "round"),
  n: fc.integer({ min: 0, max: HIVES / 2 - 1 }).map((n) => 2 * n + 1),
  to: hive,
});
type AChange = { kind: string; n: number; to: AHive };

const ORDERS = [
  "sort=id",
  "sort=-id",
  "sort=status",
  "sort=-status",
  "group_by=rack",
  "sort=free_vram",
  "sort=-free_vram",
  "sort=load",
  "sort=-load",
  "sort=last_beat",
  "sort=-last_beat",
] as const;

const labelsOf = ({ rack }: AHive) => (rack === null ? {} : { rack });

async function beat(queen: TestQueen, n: number, { usedGb, running }: AHive): Promise<void> {
  if (usedGb === null) return;
  queen.clock.advance(1);
  await queen.request("POST", "/v1/heartbeat", {
    ...beatJson(idOf(n), [workerJson({ running, slots: 4 })]),
    gpus: [{ index: 0, memory_total_bytes: 24 * GB, memory_used_bytes: usedGb * GB }],
  });
}

async function add(queen: TestQueen, n: number, to: AHive): Promise<void> {
  await addHive(queen, 9, { id: idOf(n), status: to.status, devices, labels: labelsOf(to) });
  await beat(queen, n, to);
}

async function make(queen: TestQueen, { kind, n, to }: AChange): Promise<void> {
  const { catalog } = queen;
  const id = idOf(n);
  if (kind === "round") return queen.watch.runRound();
  if (kind === "remove") return void (await queen.request("DELETE", `/v1/hives/${id}`));
  const isThere = await catalog.hiveExists(id);
  if (kind === "add") return isThere ? undefined : add(queen, n, to);
  if (!isThere) return;
  if (kind === "beat") await beat(queen, n, to);
  if (kind === "status") await queen.request("PATCH", `/v1/hives/${id}`, { status: to.status });
  if (kind === "label") await queen.request("PATCH", `/v1/hives/${id}`, { labels: { rack: to.rack } });
  // By the time of a write it shows that another program wrote at all, where all is again as it was.
  queen.clock.advance(1);
  if (kind === "status by another") await catalog.updateHiveStatus(id, to.status);
  if (kind === "label by another") await catalog.labels.set(id, labelsOf(to));
}

/** The hives that events after that id tell of. */
function toldSince(queen: TestQueen, position: string): Set<string | undefined> {
  const { events } = queen.events.after(Number(position.split("-")[1]), Number.MAX_SAFE_INTEGER);
  return new Set(events.map(({ hiveId }) => hiveId));
}

interface Row {
  hive: { id: string; status: string; labels: { rack?: string } };
  load: number | null;
  vram: { free_bytes: number | null };
  beat_age_ms: number | null;
  read_at_ms: number;
}

/** What hives that stand still are sorted by; of those of which nothing is known, nothing, so that they come last. */
const VALUES: Record<string, (row: Row) => number | string | null> = {
  id: ({ hive }) => hive.id,
  status: ({ hive }) => hive.status,
  rack: ({ hive }) => hive.labels.rack ?? null,
  free_vram: ({ vram }) => vram.free_bytes,
  load: ({ load }) => load,
  last_beat: ({ beat_age_ms: ageMs, read_at_ms }) => (ageMs === null ? null : read_at_ms - ageMs),
};

function expectOrder(rows: Row[], order: string): void {
  const [, descending, name = ""] = /=(-?)(\w+)$/.exec(order) ?? [];
  const valueIn = VALUES[name] ?? (() => null);
  const rank = (row: Row) => [valueIn(row) === null ? 1 : 0, valueIn(row) ?? 0, row.hive.id] as const;
  const sign = descending ? -1 : 1;
  const sorted = rows.toSorted((left, right) => {
    const [one, other] = [rank(left), rank(right)];
    if (one[0] !== other[0]) return one[0] - other[0];
    if (one[1] !== other[1]) return one[1] < other[1] ? -sign : sign;
    return one[2] < other[2] ? -1 : 1;
  });
  expect(rows.map(({ hive }) => hive.id)).toEqual(sorted.map(({ hive }) => hive.id));
}

test("page by page while everything changes no hive comes twice, and none is missed that stood still; of one that is left out the events tell", async () => {
  const run = fc.record({
    fleet: fc.array(hive, { minLength: HIVES, maxLength: HIVES }),
    order: fc.constantFrom(...ORDERS),
    statuses: fc.oneof(fc.constant([...HIVE_STATUSES]), fc.subarray([...HIVE_STATUSES], { minLength: 1 })),
    limit: fc.integer({ min: 1, max: 4 }),
    changes: fc.array(fc.array(change, { maxLength: 4 }), { minLength: 4, maxLength: 14 }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ fleet, order, statuses, limit, changes }) => {
      await using queen = await startTestQueen();
      for (const [n, to] of fleet.entries()) await add(queen, n, to);
      await queen.watch.runRound();
      const rows: Row[] = [];
      let position: string | undefined;
      for (let page = 0, after: string | null = ""; after !== null; page++) {
        const { status, body } = await queen.request(
          "GET",
          `/v1/fleet?${order}&status=${statuses}&limit=${limit}${after && `&after=${after}`}`,
        );
        expect(status).toBe(200);
        const read = body as { hives: Row[]; next_after: string | null; position: string };
        position ??= read.position;
        rows.push(...read.hives.map((row) => ({ ...row, read_at_ms: queen.clock.now() })));
        after = read.next_after;
        for (const one of changes[page] ?? []) await make(queen, one);
      }
      await queen.watch.runRound();
      const ids = rows.map(({ hive }) => hive.id);
      expect(ids.length, "each once").toBe(new Set(ids).size);
      const isStill = (id: string) => Number(id.slice(5)) % 2 === 0;
      const still = rows.filter(({ hive }) => isStill(hive.id));
      const asked = (await queen.catalog.findHives({ status: statuses })).hives.map(({ id }) => id);
      expect(still, "all that stand still").toHaveLength(asked.filter(isStill).length);
      expectOrder(still, order);
      const told = toldSince(queen, position ?? "");
      const leftOut = asked.filter((id) => !ids.includes(id) && !told.has(id));
      expect(leftOut).toEqual([]);
    }),
    { numRuns: 30 },
  );
}, 120_000);
