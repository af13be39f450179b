import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import type { DeviceReport } from "@repo/device-types";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "./app.ts";

const PROBLEM = /^application\/problem\+json\b/;
const cpu = { cores: 8, ramGb: 32 };
const devices: DeviceReport = { cpu, gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }], problems: [] };
const appWith = (detectDevices = async () => devices) =>
  createApp({ id: "hive-7", detectDevices, log: pino({ level: "silent" }) });

test.each(["/health", "/v1/health", "/health?probe=1"])(
  "%s says that the hive is alive, and since when",
  async (url) => {
    const app = appWith();
    const response = await app.inject(url);
    const health = { status: "ok", id: "hive-7", started_at: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect([response.statusCode, response.json()]).toEqual([200, health]);
    expect((await app.inject(url)).body).toBe(response.body);
  },
);

test("/v1/devices answers the devices as they travel", async () => {
  const response = await appWith().inject("/v1/devices");
  expect(response.statusCode).toBe(200);
  expect(response.headers["content-type"]).toContain("application/json");
  expect(response.body).toBe('{"cpu":{"cores":8,"ram_gb":32},"gpus":[{"index":0,"name":"RTX 3060","vram_gb":12}]}');
});

test("/v1/devices tells what could not be read", async () => {
  const response = await appWith(async () => ({ cpu, gpus: null, problems: ["no driver"] })).inject("/v1/devices");
  expect([response.statusCode, response.body]).toEqual([
    200,
    '{"cpu":{"cores":8,"ram_gb":32},"gpus":null,"problems":["no driver"]}',
  ]);
});

test("an unknown path is a 404 problem", async () => {
  const response = await appWith().inject("/v1/workers?x=1");
  expect(response.headers["content-type"]).toMatch(PROBLEM);
  expect(response.json()).toEqual({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "There is no /v1/workers here.",
    code: "NOT_FOUND",
    errors: [],
    request_id: expect.any(String),
  });
  expect(response.statusCode).toBe(404);
});

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const)(
  "%s is a 405 problem, whatever its body",
  async (method) => {
    const response = await appWith().inject({
      method,
      url: "/v1/devices",
      headers: { "content-type": "application/json" },
      payload: "{",
    });
    expect([response.statusCode, response.json().code]).toEqual([405, "METHOD_NOT_ALLOWED"]);
    expect(response.headers).toMatchObject({ allow: "GET, HEAD", "content-type": expect.stringMatching(PROBLEM) });
  },
);

test("a malformed path is a 400 problem", async () => {
  const response = await appWith().inject("/%zz");
  expect([response.statusCode, response.json().code]).toEqual([400, "INVALID_REQUEST"]);
  expect(response.headers["content-type"]).toMatch(PROBLEM);
});

test("a failure inside says nothing internal", async () => {
  const app = appWith();
  app.get("/broken", () => {
    throw new Error("secret");
  });
  const response = await app.inject("/broken");
  expect([response.statusCode, response.json().code]).toEqual([500, "INTERNAL"]);
  expect(response.body).not.toContain("secret");
});

test("of more than 128 connections at a time the others are closed", async () => {
  const app = appWith();
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const open = async () => {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  for (let n = 0; n < 128; n++) await open();
  await once(await open(), "close");
});

test("of one connection one request is answered at a time, and one that sends more ahead is closed", async () => {
  const app = appWith();
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  let made = 0;
  app.server.on("request", () => {
    made += 1;
  });
  const { port } = app.server.address() as AddressInfo;
  const request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  for (const count of [1, 2]) {
    socket.write(request);
    expect(String(await once(socket, "data"))).toMatch(/^HTTP\/1\.1 200 /);
    expect(made).toBe(count);
  }
  socket.write(request.repeat(500));
  await once(socket, "close");
  expect(made).toBe(3);
});
