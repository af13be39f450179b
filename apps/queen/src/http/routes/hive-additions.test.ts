import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createClient } from "@libsql/client";
import { HiveCatalog, HiveCatalogError } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, test, vi } from "vitest";
import { expectRefusal } from "../../../test/refusal.ts";
import { HIVE_JSON, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";

const LINES = { "content-type": "application/x-ndjson" };
const ids = (count: number) => Array.from({ length: count }, (_, n) => `hive-${1000 + n}`);
const lineOf = (id: string, fields: object = {}) => JSON.stringify({ ...HIVE_JSON, id, ...fields });
const body = (...lines: (string | Buffer)[]) =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")]));

interface Answered {
  type: string;
  line: number;
  id: string | null;
  outcome: string;
  problem: { code: string; detail: string; errors: { field: string }[] } | null;
}

async function add(queen: TestQueen, payload: Buffer, shown: Record<string, string> = {}) {
  const { status, body, headers } = await queen.send({
    method: "POST",
    url: "/v1/hives",
    headers: { ...LINES, ...shown },
    payload,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  // No proxy keeps a line back.
  expect(headers["x-accel-buffering"]).toBe("no");
  const lines = body as Answered[];
  return { lines: lines.slice(0, -1), end: lines.at(-1) };
}

const codesOf = (lines: Answered[]) => lines.map(({ line, problem }) => `${line} ${problem?.code ?? "added"}`);

test("adds 200 hives by one request in few transactions, and bad lines between them keep none back", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "taken" });
  const all = ids(200);
  const bad = [
    "no JSON",
    Buffer.from([0x7b, 0xff, 0x7d]),
    "[]",
    lineOf("no id"),
    lineOf("bad-port", { port: 0 }),
    lineOf("taken"),
    lineOf("hive-1000"),
    `{"id":"deep","labels":${"[".repeat(40)}${"]".repeat(40)},"host":"${"x".repeat(8192)}"}`,
    "",
    " \r",
  ];
  const added = vi.spyOn(queen.catalog, "addHives");
  const good = all.map((id) => `${lineOf(id, { labels: { is: id } })}\r`);
  const { lines, end } = await add(queen, body(...good.slice(0, 100), ...bad, ...good.slice(100)));
  expect(added.mock.calls.length).toBe(7);
  expect(end).toEqual({ type: "end", added: 200, failed: 8 });
  expect(lines.map(({ line }) => line)).toEqual(
    [...Array(210).keys()].map((n) => n + 1).filter((n) => n < 109 || n > 110),
  );
  expect(lines.filter(({ outcome }) => outcome === "added").map(({ id }) => id)).toEqual(all);
  expect(codesOf(lines.slice(100, 108))).toEqual([
    "101 INVALID_JSON",
    "102 INVALID_JSON",
    "103 INVALID_HIVE",
    "104 INVALID_HIVE",
    "105 INVALID_HIVE",
    "106 HIVE_ALREADY_EXISTS",
    "107 HIVE_ALREADY_EXISTS",
    "108 PAYLOAD_TOO_LARGE",
  ]);
  expect(lines[103]?.id).toBe("no id");
  expect(lines[104]?.problem?.errors).toMatchObject([{ field: "port" }]);
  expect((await queen.catalog.listHives()).map(({ id }) => id)).toEqual([...all, "taken"]);
  expect((await queen.request("GET", "/v1/hives/hive-1199")).body).toMatchObject({ labels: { is: "hive-1199" } });
  const told = queen.events.newest;
  expect(told).toBe(201);
  expect(queen.fleet.sight("hive-1199")).toBeDefined();
  // Whoever asks for work by labels need not wait for the next round.
  expect(["hive-1199", "other"].map((is) => queen.fleet.traits.mayHave("hive-1199", "is", is))).toEqual([true, false]);
});

test("of a body of garbage each line is refused, and nothing is stored", async () => {
  await using queen = await startTestQueen();
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 256));
  const { lines, end } = await add(queen, garbage);
  expect(new Set(lines.map(({ problem }) => problem?.code))).toEqual(new Set(["INVALID_JSON"]));
  expect(end).toEqual({ type: "end", added: 0, failed: lines.length });
  expect(await queen.catalog.countHives()).toBe(0);
});

test.each([
  ["nothing", Buffer.alloc(0), 400, "INVALID_JSON"],
  ["blank lines alone", body("", " ", "\r"), 400, "INVALID_JSON"],
  ["more than 1,000 lines", body(...ids(1001).map((id) => lineOf(id))), 413, "PAYLOAD_TOO_LARGE"],
  ["more than 1 MB", body(...ids(2).map((id) => lineOf(id, { host: "x".repeat(600_000) }))), 413, "PAYLOAD_TOO_LARGE"],
])("refuses a body with %s as a whole", async (_what, payload, status, code) => {
  await using queen = await startTestQueen();
  await expectRefusal(queen, { method: "POST", url: "/v1/hives", headers: LINES, payload }, { status, code });
});

test("lines are taken where many are, and nowhere else", async () => {
  await using queen = await startTestQueen();
  await queen.request("POST", "/v1/hives", HIVE_JSON);
  for (const [method, url] of [
    ["PATCH", "/v1/hives/hive-a"],
    ["POST", "/v1/heartbeat"],
    ["POST", "/v1/hives/hive-a/uncordon"],
  ] as const) {
    const payload = body(lineOf("hive-b"));
    await expectRefusal(
      queen,
      { method, url, headers: LINES, payload },
      { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" },
    );
  }
  const packed = { ...LINES, "content-encoding": "gzip" };
  const request = { method: "POST", url: "/v1/hives", headers: packed, payload: "x" } as const;
  await expectRefusal(queen, request, { status: 415, code: "UNSUPPORTED_MEDIA_TYPE" });
});

test("when the catalog itself fails, what is behind is not tried, and says why in the same code", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/hives.db`;
  await using queen = await startTestQueen({ catalog: await HiveCatalog.open(file, { busyTimeoutMs: 1 }) });
  const other = createClient({ url: `file:${file}` });
  const lock = await other.transaction("write");
  const tried = vi.spyOn(queen.catalog, "addHives");
  const { lines, end } = await add(queen, body(...ids(70).map((id) => lineOf(id)), "no JSON"));
  await lock.rollback();
  other.close();
  expect(tried.mock.calls.length).toBe(1);
  expect(codesOf(lines.slice(0, 70)).every((said) => said.endsWith("CATALOG_BUSY"))).toBe(true);
  expect(lines[69]?.problem?.detail).toBe("Not tried, because of CATALOG_BUSY in a line before");
  expect(lines[70]?.problem?.code).toBe("INVALID_JSON");
  expect(end).toEqual({ type: "end", added: 0, failed: 71 });
});

test("where it is not known whether some are stored, it is known that those behind are not", async () => {
  await using queen = await startTestQueen();
  queen.catalog.addHives = async () => {
    throw new HiveCatalogError("CATALOG_OUTCOME_UNKNOWN", "the disk failed at the commit");
  };
  const { lines } = await add(queen, body(...ids(70).map((id) => lineOf(id))));
  const codes = lines.map(({ problem }) => problem?.code);
  expect(codes).toEqual([...Array(32).fill("CATALOG_OUTCOME_UNKNOWN"), ...Array(38).fill("CATALOG_UNAVAILABLE")]);
});

/** Has something happen once so many transactions are through; resolves when it has. */
function afterSteps({ catalog }: TestQueen, steps: number, happen: () => unknown): Promise<void> {
  const addHives = catalog.addHives.bind(catalog);
  let count = 0;
  return new Promise((resolve) => {
    catalog.addHives = async (hives) => {
      const added = await addHives(hives);
      count += 1;
      if (count === steps) {
        await happen();
        resolve();
      }
      return added;
    };
  });
}

test("a queen that stops in the middle says of the rest that she does", async () => {
  await using queen = await startTestQueen();
  let stopped: Promise<void> | undefined;
  void afterSteps(queen, 2, () => {
    stopped = queen.stop();
  });
  const { lines, end } = await add(queen, body(...ids(100).map((id) => lineOf(id))));
  expect(codesOf(lines).filter((said) => said.endsWith("added")).length).toBe(64);
  expect(codesOf(lines).filter((said) => said.endsWith("STOPPING")).length).toBe(36);
  expect(end).toEqual({ type: "end", added: 64, failed: 36 });
  await stopped;
});

test("a byte order mark before a line is skipped", async () => {
  await using queen = await startTestQueen();
  const { lines, end } = await add(queen, body(`\ufeff${lineOf("a")}`, `\ufeff${lineOf("b")}`));
  expect(codesOf(lines)).toEqual(["1 added", "2 added"]);
  expect(end).toEqual({ type: "end", added: 2, failed: 0 });
});

test("of a caller whose token is revoked in the middle nothing more is added, which is said of the rest", async () => {
  await using queen = await startTestQueen();
  const { id, authorization } = await addToken(queen.catalog, "operator");
  void afterSteps(queen, 2, async () => {
    await queen.catalog.tokens.revoke(id);
    await queen.door.known.refresh();
  });
  const { lines, end } = await add(queen, body(...ids(100).map((id) => lineOf(id))), { authorization });
  expect(codesOf(lines).filter((said) => said.endsWith("UNAUTHENTICATED")).length).toBe(36);
  expect(end).toEqual({ type: "end", added: 64, failed: 36 });
  expect(await queen.catalog.countHives()).toBe(64);
});

test("whoever leaves in the middle ends it with what has begun", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { server } = queen.app;
  const connected = once(server, "connection") as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: "127.0.0.1", port, method: "POST", path: "/v1/hives", headers: LINES });
  sent.on("error", () => undefined);
  const left = afterSteps(queen, 2, async () => {
    const [socket] = await connected;
    const closed = once(socket, "close");
    sent.destroy();
    await closed;
  });
  sent.end(body(...ids(200).map((id) => lineOf(id))));
  await left;
  await queen.stop();
  expect(await queen.catalog.countHives()).toBe(64);
});
