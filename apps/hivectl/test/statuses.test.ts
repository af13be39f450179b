import { QueenClient } from "@repo/queen-client";
import { beforeAll, expect, test } from "vitest";
import { until } from "../../queen/test/until.ts";
import { Hivectl, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();
let client: QueenClient;

beforeAll(async () => {
  client = new QueenClient({ url: queen.url });
  const place = { host: "127.0.0.1", port: 1 };
  for (const status of ["online", "offline", "unknown"] as const)
    await client.addHive({ ...place, id: status, status });
});

const run = (...args: string[]) => hivectl(args, { QUEEN_URL: queen.url });

test.each([
  [["get", "hives"], "offline\nunknown\n"],
  [["top"], "offline\nunknown\n"],
  [["cordon", "--reason", "fans", "-y"], "offline\nunknown\n"],
  [["wait", "--for", "cordoned"], "offline\nunknown\n"],
  [["label", "-y", "checked=yes"], "offline\nunknown\n"],
  [["uncordon", "--model", "none-serves-it", "-y"], ""],
  [["uncordon", "-y"], "offline\nunknown\n"],
])("%j takes several statuses with commas", async (verb, stdout) => {
  const { code, stdout: names } = await run(...verb, "--status", "unknown,offline", "-o", "name");
  // What is done to several at a time ends in any order.
  expect({ code, names: names.trim().split("\n").toSorted() }).toEqual({ code: 0, names: stdout.trim().split("\n") });
});

test("statuses that are named one by one are as if they stood in one list, and so are kinds of events", async () => {
  const hives = ["get", "hives", "--status", "offline", "--status", "unknown", "-o", "name"];
  expect((await run(...hives)).stdout).toBe("offline\nunknown\n");
  await client.cordonHive("online", { reason: "fans" });
  const events = ["get", "events", "online", "--kind", "cordon", "--kind", "hive_added", "--columns", "kind"];
  expect((await run(...events, "--no-headers")).stdout).toBe("hive_added\ncordon\n");
});

test("as a table and as JSON they are the same hives", async () => {
  const asked = ["get", "hives", "--status", "online,unknown"];
  const { stdout } = await run(...asked);
  expect(stdout.split("\n").map((line) => line.split(" ")[0])).toEqual(["ID", "online", "unknown", ""]);
  const { hives } = JSON.parse((await run(...asked, "-o", "json")).stdout);
  expect(hives).toMatchObject([{ status: { value: "online" } }, { status: { value: "unknown" } }]);
});

test.each([
  ["lost", "It must be one of online, offline, unknown, or several by commas"],
  ["offline,lost", 'It must be one of online, offline, unknown, or several by commas, got "lost"'],
  ["offline,", 'It must be one of online, offline, unknown, or several by commas, got ""'],
])("--status %s is refused, and asks the queen nothing", async (status, why) => {
  const { code, stdout, stderr } = await run("get", "hives", "-v", "--status", status);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(why);
  expect(stderr).not.toContain("GET ");
});

test("what is no kind of events is refused in the same way, and a column is named as it was typed", async () => {
  const refusals = [
    [["get", "events", "--kind", "cordon,"], /It must be one of status, cordon, .*, or several by commas, got ""/],
    [["get", "events", "--kind", "odd"], /It must be one of status, cordon, .*, or several by commas;/],
    [["get", "hives", "--columns", "id,"], /hives have no column "": they have id, /],
  ] as const;
  for (const [args, why] of refusals)
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(why) });
});

test("a watch tells of a hive that goes from one of them to another, and of one that leaves them", async () => {
  const running = new Hivectl(["get", "hives", "-w", "-v", "--status", "offline,unknown"], {
    QUEEN_URL: queen.url,
  });
  const untilLine = (line: RegExp, of: "stdout" | "stderr" = "stdout") =>
    until(`${line} is said`, () => line.test(running[of]));
  await untilLine(/\/v1\/events/, "stderr");
  await client.changeHive("unknown", { status: "offline" });
  await untilLine(/^unknown +offline/m);
  await client.changeHive("unknown", { status: "online" });
  await untilLine(/^unknown +no longer as asked for$/m);
  running.interrupt();
  expect((await running.end()).code).toBe(0);
});
