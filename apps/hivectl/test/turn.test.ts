import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { QueenClient } from "@repo/queen-client";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../queen/test/until.ts";
import { Hivectl, hivectl } from "./hivectl.ts";
import { queenForAll } from "./queen.ts";

const queen = queenForAll();

test("while the queen does too much else, it says that it waits, and is done when its turn comes", async () => {
  const client = new QueenClient({ url: queen.url });
  const asked: ServerResponse[] = [];
  const slow = createServer(({ url }, response) => (url === "/v1/devices" ? asked.push(response) : response.end()));
  onTestFinished(() => slow.closeAllConnections());
  await once(slow.listen(0, "127.0.0.1"), "listening");
  const { port } = slow.address() as AddressInfo;
  const others = [1, 2, 3, 4].map(async (n) => {
    await client.addHive({ id: `slow-${n}`, host: "127.0.0.1", port });
    for await (const _ of client.actOnHives({ action: "detect", ids: [`slow-${n}`] }));
  });
  await client.addHive({ id: "gpu-01", host: "127.0.0.1", port: 1 });
  await until("four are under way", () => asked.length === 4);
  const running = new Hivectl(["uncordon", "gpu-01", "-y"], { QUEEN_URL: queen.url });
  await until("it waits", () => running.stderr.includes("it waits for its turn"));
  for (const response of asked) response.writeHead(404).end();
  await Promise.all(others);
  const turn = "hivectl: the queen does too much else for this caller: it waits for its turn\n";
  expect(await running.end()).toMatchObject({ code: 0, stderr: `${turn}hivectl: 0 done, 1 skipped\n` });
});

test("of a queen who stops in the middle, what had not begun is said to be not done, and is no success", async () => {
  const line = (hive_id: string, outcome: string) => ({ type: "hive", hive_id, outcome, detail: "", problem: null });
  const end = (more: object = {}) => ({ type: "end", counts: {}, running: 0, not_begun: 0, next_after: null, ...more });
  const answers = [
    [line("a", "would_do"), line("b", "would_do"), end()],
    [line("a", "done"), end({ not_begun: 1, stopping: true })],
  ];
  const stopping = createServer((_asked, response) => {
    const lines = answers.shift()?.map((one) => `${JSON.stringify(one)}\n`);
    response.writeHead(200, { "content-type": "application/x-ndjson" }).end(lines?.join(""));
  });
  onTestFinished(() => void stopping.close());
  await once(stopping.listen(0, "127.0.0.1"), "listening");
  const QUEEN_URL = `http://127.0.0.1:${(stopping.address() as AddressInfo).port}`;
  expect(await hivectl(["uncordon", "a", "b", "-y"], { QUEEN_URL })).toMatchObject({
    code: 3,
    stderr: "hivectl: the queen stops: what had not begun is not done\nhivectl: 1 done, 1 not done\n",
  });
});
