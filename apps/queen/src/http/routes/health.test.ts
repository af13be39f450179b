import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startTestQueen } from "../../../test/test-queen.ts";
import { until } from "../../../test/until.ts";

test("is live and ready while the catalog answers", async () => {
  await using queen = await startTestQueen();
  for (const url of ["/health/live", "/health/ready"]) {
    expect(await queen.request("GET", url)).toMatchObject({ status: 200, body: { status: "ok" } });
  }
});

test("is live but not ready when the catalog fails, and says why", async () => {
  await using queen = await startTestQueen();
  await queen.catalog.close();
  expect(await queen.request("GET", "/health/live")).toMatchObject({ status: 200 });
  expect(await queen.request("GET", "/health/ready")).toMatchObject({
    status: 503,
    headers: { "retry-after": "1" },
    body: { code: "NOT_READY", errors: [{ field: "catalog", message: "fails: the catalog is closed" }] },
  });
});

test("is not ready while she stops", async () => {
  await using queen = await startTestQueen();
  const stopping = new Promise<void>((resolve) => {
    queen.app.addHook("preClose", async () => resolve());
  });
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const begun = once(queen.app.server, "connection");
  const caller = connect((queen.app.server.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
  caller.write("GET /health/ready HTTP/1.1\r\nHost: queen\r\n");
  const [connection] = (await begun) as [Socket];
  await until("the request has begun", () => connection.bytesRead > 0);
  const stopped = queen.stop();
  await stopping;
  caller.write("\r\n");
  const [answer] = (await once(caller, "data")) as [string];
  expect(answer).toContain("HTTP/1.1 503 ");
  expect(answer).toContain('"errors":[{"field":"queen","message":"is stopping"}]');
  await stopped;
});
