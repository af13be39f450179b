import { expect, test } from "vitest";
import { addHive, beat, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";

interface Page {
  hives: { hive: { id: string } }[];
  next_after: string | null;
}

/** Two hives of each status: a and d are offline, b and e online, c and f unknown. */
async function startFleet(): Promise<TestQueen> {
  const queen = await startTestQueen();
  const statuses = ["offline", "online", "unknown", "offline", "online", "unknown"] as const;
  for (const [n, id] of ["a", "b", "c", "d", "e", "f"].entries()) {
    await addHive(queen, 8601 + n, { id, status: statuses[n], ...(n < 4 && { labels: { rack: `r${9 - n}` } }) });
    if (statuses[n] === "online") await beat(queen, id);
  }
  return queen;
}

async function pageOf(queen: TestQueen, query: Record<string, string>): Promise<Page> {
  const { status, body } = await queen.request("GET", `/v1/fleet?${new URLSearchParams(query)}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body as Page;
}

async function allPages(queen: TestQueen, query: Record<string, string>, limit: number): Promise<string> {
  const ids: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page = await pageOf(queen, { ...query, limit: String(limit), ...(after && { after }) });
    ids.push(...page.hives.map(({ hive }) => hive.id));
    after = page.next_after;
  }
  return ids.join();
}

test.each([
  [{ status: "offline,unknown" }, "a,c,d,f"],
  [{ status: "unknown,online", sort: "-id" }, "f,e,c,b"],
  [{ status: "unknown,offline", sort: "status" }, "a,d,c,f"],
  [{ status: "unknown,offline", sort: "-status" }, "c,f,a,d"],
  [{ status: "online,unknown", sort: "-load" }, "b,e,c,f"],
  [{ status: "offline,unknown", group_by: "rack" }, "d,c,a,f"],
  [{ status: "online,offline", selector: "rack" }, "a,b,d"],
  [{ status: "online,offline", takes_work: "false", id: "a,b,c" }, "a"],
  [{ status: "online,offline,unknown" }, "a,b,c,d,e,f"],
])("%j lists the hives that have one of them, in pages of any size", async (query, ids) => {
  await using queen = await startFleet();
  for (const limit of [1, 2, 6]) expect(await allPages(queen, query as Record<string, string>, limit)).toBe(ids);
});

test("several statuses are the same in whatever order they are named, also for the next page", async () => {
  await using queen = await startFleet();
  const { next_after: after } = await pageOf(queen, { status: "unknown,offline", limit: "1" });
  for (const status of ["status=offline,unknown,offline", "status=unknown&status=offline"]) {
    const { body } = await queen.request("GET", `/v1/fleet?${status}&after=${after}`);
    expect((body as Page).hives.map(({ hive }) => hive.id)).toEqual(["c", "d", "f"]);
  }
});

test("what is no status is refused, with its place, the rule and what came", async () => {
  await using queen = await startFleet();
  const { status, body } = await queen.request("GET", "/v1/fleet?status=online,dead");
  const errors = [{ field: "status.1", message: 'must be one of unknown, online, offline, got "dead"' }];
  expect({ status, body }).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT", errors } });
});

test("a list of one status goes on that a queen began who took no more than one", async () => {
  await using queen = await startFleet();
  const began = { q: "HGAxBh5oUsHIqa9c", s: "earlier", v: null, i: "c", m: 3, n: null };
  const after = Buffer.from(JSON.stringify(began)).toString("base64url");
  const { hives } = await pageOf(queen, { status: "unknown", after });
  expect(hives.map(({ hive }) => hive.id)).toEqual(["f"]);
});
