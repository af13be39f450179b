import { expect, test } from "vitest";
import { errorOf, never, newProbe } from "../../test/a-probe.ts";
import { answer, DEVICES_JSON, HiveServer, startHive } from "../../test/hive-server.ts";

test.each([200, 204, 299])("takes status %i for alive", async (status) => {
  const hive = await startHive({ "/health": answer(status, "") });
  await newProbe().health("hive-a", hive);
  expect(hive.requests).toEqual(["GET /health"]);
});

test("falls back on /v1/health", async () => {
  const hive = await startHive({ "/v1/health": answer(200, "ok") });
  await newProbe().health("hive-a", hive);
  expect(hive.requests).toEqual(["GET /health", "GET /v1/health"]);
});

test("does not take an error for alive", async () => {
  const hive = await startHive({ "/health": answer(500, "no") });
  const error = await errorOf(newProbe().health("hive-a", hive));
  expect(error.code).toBe("HIVE_UNREACHABLE");
  expect(error.message).toBe(`127.0.0.1:${hive.port}: /health answered 500, /v1/health answered 404`);
});

test("follows no redirect", async () => {
  const other = await startHive();
  const location = `http://127.0.0.1:${other.port}/health`;
  const hive = await startHive({
    "/health": answer(302, "", { location }),
    "/v1/health": answer(307, "", { location }),
  });
  expect((await errorOf(newProbe().health("hive-a", hive))).code).toBe("HIVE_UNREACHABLE");
  expect(other.requests).toEqual([]);
});

test("needs no body: one without an end does not hold it up", async () => {
  const hive = await startHive({ "/health": (_request, response) => void response.writeHead(200).write("…") });
  await newProbe({ timeoutMs: 2 ** 31 - 1 }).health("hive-a", hive);
});

test.each([
  ["another hive", '{"status":"ok","id":"gpu-01"}', "gpu-01"],
  ["a hive whose name is long", JSON.stringify({ id: "x".repeat(1000) }), "x".repeat(128)],
])("is not answered by %s", async (_what, body, shown) => {
  const hive = await startHive({
    "/health": answer(200, body),
    "/v1/devices": answer(200, '{"cpu":null,"gpus":[]}'),
  });
  const health = await errorOf(newProbe().health("gpu-02", hive));
  expect(health.code).toBe("WRONG_HIVE");
  expect(health.message).toBe(`127.0.0.1:${hive.port} is hive '${shown}', not 'gpu-02'`);
  expect((await errorOf(newProbe().devices("gpu-02", hive))).message).toBe(health.message);
  expect(hive.countOf("GET /v1/devices")).toBe(0);
});

test.each([
  ["its own id", '{"status":"ok","id":"gpu-02"}'],
  ["an object without an id", '{"status":"ok"}'],
  ["an id that is no text", '{"id":7}'],
  ["JSON that is no object", '"gpu-01"'],
  ["half an object", '{"id":"gpu-01"'],
  ["a body that is too long", JSON.stringify({ id: "gpu-01", more: "x".repeat(100_000) })],
])("is alive with %s in its answer", async (_what, body) => {
  const hive = await startHive({ "/health": answer(200, body) });
  await newProbe().health("gpu-02", hive);
  expect(hive.requests).toEqual(["GET /health"]);
});

const START = "2026-11-28T22:55:36.123Z";
test.each([
  ["both", { id: "gpu-02", started_at: START }, { saysId: true, agentStart: START }],
  ["its id alone", { id: "gpu-02" }, { saysId: true, agentStart: undefined }],
  ["a start that is none", { id: "gpu-02", started_at: 5 }, { saysId: true, agentStart: undefined }],
  ["too much", { id: "gpu-02", started_at: "x".repeat(65) }, { saysId: true, agentStart: undefined }],
  ["a start of nobody", { started_at: START }, { saysId: false, agentStart: undefined }],
])("tells of its id and of the start of its agent when it says %s", async (_what, body, said) => {
  const routes = {
    "/health": answer(200, JSON.stringify(body)),
    "/v1/devices": answer(200, JSON.stringify(DEVICES_JSON)),
  };
  const hive = await startHive(routes);
  expect(await newProbe().health("gpu-02", hive)).toEqual(said);
  expect((await newProbe().devices("gpu-02", hive)).agentStart).toBe(said.agentStart);
});

test("is alive when its answer breaks off or does not end", async () => {
  const cut = await startHive({
    "/health": (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
    },
  });
  await newProbe().health("gpu-02", cut);
  const stuck = await startHive({ "/health": (_request, response) => void response.writeHead(200).write("{") });
  await newProbe({ timeoutMs: 40 }).health("gpu-02", stuck);
});

test("gives up at its deadline, both paths and the name's resolution together", async () => {
  const hive = await startHive({ "/health": never });
  const probe = newProbe({ timeoutMs: 40 });
  expect((await errorOf(probe.health("hive-a", hive))).message).toContain("no answer within 40 ms");
  const lost = newProbe({ timeoutMs: 40, resolve: () => new Promise(() => undefined) });
  expect((await errorOf(lost.health("hive-a", { host: "gpu.example.com", port: 1 }))).message).toContain(
    "no answer within 40 ms",
  );
});

test("says that nobody listens", async () => {
  const hive = await HiveServer.start();
  const { host, port } = hive;
  await hive.stop();
  const error = await errorOf(newProbe().health("hive-a", { host, port }));
  expect(error.code).toBe("HIVE_UNREACHABLE");
  expect(error.message).toContain("ECONNREFUSED");
});

test("ends at once when it is closed", async () => {
  const hive = await startHive({ "/health": never });
  const probe = newProbe();
  const ended = errorOf(probe.health("hive-a", hive));
  probe.close();
  expect((await ended).message).toContain("the queen is stopping");
  const other = await startHive();
  expect((await errorOf(probe.health("hive-a", other))).message).toContain("the queen is stopping");
  expect(other.requests).toEqual([]);
});
