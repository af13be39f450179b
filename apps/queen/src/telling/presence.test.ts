import { renameSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog, type OpenOptions, QUEEN_GONE_AFTER_MS } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { startServerCatalog } from "../../test/server-catalog.ts";
import { startTestQueen, type TestQueen } from "../../test/test-queen.ts";

/** A catalog file of the test, what opens it once more, and what runs a statement on it as another program does. */
async function sharedFile() {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const path = join(folder.path, "hives.db");
  const url = `file:${path}`;
  const other = createClient({ url });
  onTestFinished(() => other.close());
  // Each says something later than before, however quick the disk is.
  let lastMs = 0;
  const now = () => (lastMs = Math.max(Date.now(), lastMs + 1));
  const startQueen = async (options: OpenOptions = {}) => {
    const queen = await startTestQueen({ catalog: await HiveCatalog.open(url, { now, ...options }) });
    onTestFinished(() => queen[Symbol.asyncDispose]());
    return queen;
  };
  return { path, other, startQueen };
}

const messages = ({ logLines }: TestQueen) => logLines.map(({ level, msg }) => `${level} ${msg}`);
const gauge = async (queen: TestQueen, name: string) => {
  const { payload } = await queen.app.inject({ method: "GET", url: "/metrics" });
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(payload)?.[1]);
};
/** How many other queens each way of asking shows. */
const othersOf = async (queen: TestQueen) => {
  const { body } = await queen.request("GET", "/health");
  return [(body as { other_queens: number }).other_queens, await gauge(queen, "queen_other_queens")];
};

test("two queens on one catalog notice each other, and say so once in the log, in /health and in metrics", async () => {
  const { startQueen } = await sharedFile();
  const [one, other] = [await startQueen(), await startQueen()];
  for (let round = 0; round < 3; round++) for (const queen of [one, other]) await queen.presence.renewAndLook();
  for (const queen of [one, other]) {
    expect(await othersOf(queen)).toEqual([1, 1]);
    expect(messages(queen).filter((line) => line.includes("another queen"))).toEqual([
      "40 another queen runs on this catalog, which is made for one: two that judge may disagree; stop one of them",
    ]);
  }
  expect(one.logLines.find(({ msg }) => msg.startsWith("another"))?.other_queen).toBe(other.presence.id);

  await other.stop();
  await one.presence.renewAndLook();
  expect(await othersOf(one)).toEqual([0, 0]);
  expect(messages(one)).toContain("30 the other queen is gone");
});

test("a queen that was killed is counted no more after a while, and never by the one that takes her place", async () => {
  const { other: sqlite, startQueen } = await sharedFile();
  const [one, killed, next] = [await startQueen(), await startQueen(), await startQueen()];
  await killed.presence.renewAndLook();
  await one.presence.renewAndLook();
  await killed.presence.renewAndLook();
  await one.presence.renewAndLook();
  expect(await othersOf(one)).toEqual([1, 1]);

  for (let round = 0; round < 2; round++) await next.presence.renewAndLook();
  expect(next.logLines.filter(({ other_queen }) => other_queen === killed.presence.id)).toEqual([]);
  await next.stop();
  await sqlite.execute(`UPDATE queens SET seen_at_ms = seen_at_ms - ${QUEEN_GONE_AFTER_MS + 1}`);
  await one.presence.renewAndLook();
  expect(await othersOf(one)).toEqual([0, 0]);
});

/** Changes fail for as long as it takes, and the queen tries now and then. */
async function failForLong(queen: TestQueen): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await queen.presence.renewAndLook();
    queen.clock.advance(QUEEN_GONE_AFTER_MS);
  }
}

const ready = async (queen: TestQueen) => {
  const { status, body } = await queen.request("GET", "/health/ready");
  return [status, (body as { errors?: { message: string }[] }).errors?.map(({ message }) => message)];
};
const writeGauges = async (queen: TestQueen) => [
  await gauge(queen, "queen_catalog_up"),
  await gauge(queen, "queen_catalog_writes_failing"),
];
const complaints = (queen: TestQueen) => messages(queen).filter((line) => line.includes("reads work"));

test("a file whose lock another process holds makes her not ready; once it is not given back, she says so once; then she is ready again", async () => {
  const { path, other, startQueen } = await sharedFile();
  const queen = await startQueen({ busyTimeoutMs: 0 });
  const lock = await other.transaction("write");
  await queen.presence.renewAndLook();
  expect([await ready(queen), await writeGauges(queen)]).toEqual([
    [503, [expect.stringContaining("another process holds the lock")]],
    [1, 0],
  ]);
  await failForLong(queen);
  const problem = `reads work, writes do not: end the process that holds the lock, which \`fuser ${path}\` shows`;
  expect([await ready(queen), await writeGauges(queen)]).toEqual([
    [503, [`fails: ${problem}`]],
    [1, 1],
  ]);
  expect(complaints(queen)).toEqual([`50 the catalog fails: ${problem}`]);
  await lock.rollback();
  await queen.presence.renewAndLook();
  expect([await ready(queen), await writeGauges(queen)]).toEqual([
    [200, undefined],
    [1, 0],
  ]);
  // A lock of now is none that is held since the one before.
  const next = await other.transaction("write");
  await queen.presence.renewAndLook();
  expect(await writeGauges(queen)).toEqual([1, 0]);
  await next.rollback();
});

test("a file that is not in its place for long is said to be that, and nobody is sent to a server", async () => {
  const { path, startQueen } = await sharedFile();
  const queen = await startQueen();
  renameSync(path, `${path}.old`);
  await failForLong(queen);
  const [status, problems] = await ready(queen);
  expect([status, problems]).toEqual([
    503,
    [expect.stringMatching(/^fails: reads work, writes do not: .*in its place/)],
  ]);
  expect(String(problems)).toContain(`${path} is not the file any more`);
});

test("a server that reads and takes no change makes her not ready; one that is away is said to be away", async () => {
  const { catalog, connection } = await startServerCatalog({ requestTimeoutMs: 1000 });
  await using queen = await startTestQueen({ catalog });
  connection.cut = (statements) => (/insert into "queens"/i.test(statements) ? "before" : undefined);
  await failForLong(queen);
  const problem = "reads work, writes do not: restart the server";
  expect([await ready(queen), await writeGauges(queen)]).toEqual([
    [503, [`fails: ${problem}`]],
    [1, 1],
  ]);
  expect(complaints(queen)).toEqual([`50 the catalog fails: ${problem}`]);

  connection.cut = () => "before";
  await queen.presence.renewAndLook();
  expect(await ready(queen)).toEqual([503, [expect.not.stringContaining("reads work")]]);
  expect(await writeGauges(queen)).toEqual([0, 0]);
});

test("a server that syncs each change no more, as after its restart, is said once, and so is the end of that", async () => {
  const { catalog, connection, server } = await startServerCatalog({ requestTimeoutMs: 1000 });
  await using queen = await startTestQueen({ catalog });
  const said = () => messages(queen).filter((line) => line.includes("each change to its disk"));
  const rounds = async (mode: "relaxed" | "strong") => {
    server.durability.mode = mode;
    for (let round = 0; round < 2; round++) await queen.presence.renewAndLook();
  };
  await rounds("strong");
  expect(said()).toEqual([]);
  await rounds("relaxed");
  const warning = "40 the server of the catalog does not sync each change to its disk";
  expect(said()).toEqual([expect.stringContaining(warning)]);
  connection.cut = () => "before";
  await queen.presence.renewAndLook();
  connection.cut = () => undefined;
  await rounds("relaxed");
  expect(said()).toHaveLength(1);
  await rounds("strong");
  expect(said()).toEqual([expect.any(String), "30 the server of the catalog syncs each change to its disk now"]);
});
