import { expect, test, vi } from "vitest";
import { HIVE_JSON, startTestQueen } from "../../../test/test-queen.ts";
import { Costs } from "../door/costs.ts";

test("lists the keys of labels with their values and counts, page by page", async () => {
  await using queen = await startTestQueen();
  const add = (id: string, labels: Record<string, string>) => queen.catalog.addHive({ ...HIVE_JSON, id, labels });
  await add("a", { env: "prod", zone: "z1" });
  await add("b", { env: "prod" });
  await add("c", { env: "dev", "example.com/team": "" });
  const env = {
    key: "env",
    count: 3,
    is_more: false,
    values: [
      { value: "dev", count: 1, is_more: false },
      { value: "prod", count: 2, is_more: false },
    ],
    has_more_values: false,
  };
  const all = await queen.request("GET", "/v1/labels");
  expect(all).toMatchObject({ status: 200, body: { labels: [env, { key: "example.com/team" }, { key: "zone" }] } });
  const first = await queen.request("GET", "/v1/labels?limit=1");
  expect(first.body).toEqual({ labels: [env], next_after: "env" });
  const last = await queen.request("GET", "/v1/labels?after=env&limit=5");
  expect(last.body).toMatchObject({ labels: [{ key: "example.com/team" }, { key: "zone" }], next_after: null });
});

test("counts to 1,000 and lists 100 values of a key, in steps", async () => {
  await using queen = await startTestQueen();
  const labels = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`k${10 + n}`, ""]));
  const ids = Array.from({ length: 1001 }, (_, n) => `hive-${1000 + n}`);
  await Promise.all(ids.map((id) => queen.catalog.addHive({ ...HIVE_JSON, id, labels: { host: id } })));
  await queen.catalog.labels.set("hive-1000", { host: "hive-1000", ...labels });
  const reads = vi.spyOn(queen.catalog.labels, "keys");
  const turns = vi.spyOn(Costs.prototype, "turn");
  const { body } = await queen.request("GET", "/v1/labels");
  // Thirteen keys, five in a step.
  expect([reads, turns].map(({ mock }) => mock.calls.length)).toEqual([3, 3]);
  const [host, ...others] = (body as { labels: { key: string; values: unknown[] }[] }).labels;
  expect(host).toMatchObject({ key: "host", count: 1000, is_more: true, has_more_values: true });
  expect(host?.values).toHaveLength(100);
  expect(others.map(({ key }) => key)).toEqual(Object.keys(labels));
});

test.each(["limit=0", "colour=red"])("refuses the query %s", async (query) => {
  await using queen = await startTestQueen();
  const answer = await queen.request("GET", `/v1/labels?${query}`);
  expect(answer).toMatchObject({ status: 400, body: { code: "INVALID_ARGUMENT" } });
});
