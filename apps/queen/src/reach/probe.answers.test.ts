import { once } from "node:events";
import { expect, test } from "vitest";
import { ZodError } from "zod";
import { errorOf, newProbe } from "../../test/a-probe.ts";
import { type Answer, answer, DEVICES_JSON, HEALTHY, startHive } from "../../test/hive-server.ts";

const ask = async (body: string, status = 200) =>
  (await newProbe().devices("hive-a", await startHive({ "/v1/devices": answer(status, body) }))).report;

test("reads the devices of a hive", async () => {
  expect(await ask(JSON.stringify(DEVICES_JSON))).toEqual({
    cpu: { cores: 8, ramGb: 32 },
    gpus: [{ index: 0, name: "RTX 3060", vramGb: 12 }],
    problems: [],
  });
});

test("reads what a hive could not read, as a line for people", async () => {
  const report = { cpu: null, gpus: null, problems: ["nvidia-smi exited with 18\u202e"] };
  expect(await ask(JSON.stringify(report))).toEqual({ ...report, problems: ["nvidia-smi exited with 18\\u202e"] });
});

test("reads what hives of the ancestor send", async () => {
  const ancestor = {
    cpu: { cores: 8, ram_gb: 32 },
    gpus: [{ id: "gpu1", name: "RTX 3060", vram_gb: 12 }],
    models: 3,
    workers: 0,
  };
  expect((await ask(JSON.stringify(ancestor))).gpus).toEqual([{ index: 1, name: "RTX 3060", vramGb: 12 }]);
});

test.each([
  ["not JSON", "<html>", []],
  ["no devices", "[]", [""]],
  ["a negative amount", '{"cpu":{"cores":8,"ram_gb":-1},"gpus":[]}', ["cpu.ram_gb"]],
  [
    "two GPUs with one index",
    '{"cpu":null,"gpus":[{"index":0,"name":"a","vram_gb":1},{"index":0,"name":"b","vram_gb":1}]}',
    ["gpus.1.index"],
  ],
])("refuses %s and knows which field is wrong", async (_what, body, fields) => {
  const error = await errorOf(ask(body));
  expect(error.code).toBe("INVALID_DEVICES");
  const { issues } = error.cause instanceof ZodError ? error.cause : { issues: [] };
  expect(issues.map(({ path }) => path.join("."))).toEqual(fields);
});

test("follows no redirect to elsewhere", async () => {
  const other = await startHive();
  const location = `http://127.0.0.1:${other.port}/v1/devices`;
  const hive = await startHive({ ...HEALTHY, "/v1/devices": answer(307, "", { location }) });
  expect((await errorOf(newProbe().devices("hive-a", hive))).message).toContain("/v1/devices answered 307");
  expect(other.requests).toEqual([]);
});

test("changes to no other protocol", async () => {
  const hive = await startHive({
    "/health": (_request, response) => {
      response.socket?.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    },
  });
  expect((await errorOf(newProbe().health("hive-a", hive))).message).toContain("without an answer");
});

test("reads no headers without an end", async () => {
  const hive = await startHive({
    "/health": (_request, { socket }) => {
      socket?.on("error", () => undefined).write("HTTP/1.1 200 OK\r\n");
      const more = () => void (socket?.writable && socket.write(`X: ${"x".repeat(4096)}\r\n`, more));
      more();
    },
  });
  expect((await errorOf(newProbe().health("hive-a", hive))).message).toMatch(/Header overflow/i);
});

test.each([302, 503])("reads nothing of the endless body of a %i", async (status) => {
  const closed: Promise<unknown>[] = [];
  const endless: Answer = (_request, response) => {
    closed.push(once(response, "close"));
    response.writeHead(status);
    const more = () => void (response.socket?.writable && response.write("x".repeat(65_536), more));
    more();
  };
  const hive = await startHive({ "/health": endless, "/v1/health": endless });
  expect((await errorOf(newProbe().health("hive-a", hive))).code).toBe("HIVE_UNREACHABLE");
  await Promise.all(closed);
  expect(closed).toHaveLength(2);
});

test("reads no more than 256 KB of a body without an end", async () => {
  let sentBytes: Promise<number | undefined> | undefined;
  const hive = await startHive({
    "/v1/devices": (_request, response) => {
      const { socket } = response;
      sentBytes = once(response, "close").then(() => socket?.bytesWritten);
      const more = () => void (response.socket?.writable && response.write("x".repeat(65_536), more));
      more();
    },
  });
  const error = await errorOf(newProbe().devices("hive-a", hive));
  expect(error.code).toBe("INVALID_DEVICES");
  expect(error.message).toContain("more than 262144 bytes");
  // With what the system holds of it.
  expect(await sentBytes).toBeLessThan(32 * 2 ** 20);
});

test("reads no body in thousands of pieces", async () => {
  const hive = await startHive({
    "/v1/devices": (_request, response) => {
      response.socket?.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const pieces = "1\r\n \r\n".repeat(1000);
      // Whatever comes before somebody reads is one piece, and all of them are not too long.
      const send = (left: number) => {
        if (left === 0) response.socket?.write("2\r\n{}\r\n0\r\n\r\n");
        else if (response.socket?.writable) response.socket.write(pieces, () => setImmediate(send, left - 1));
      };
      send(100);
    },
  });
  const error = await errorOf(newProbe().devices("hive-a", hive));
  expect(error.code).toBe("INVALID_DEVICES");
  expect(error.message).toContain("or than 4096 pieces");
});

test("reads a few interim answers, and not many", async () => {
  const few = await startHive({
    "/health": (_request, response) => {
      for (let n = 0; n < 16; n++) response.writeEarlyHints({ link: "</a>" });
      response.end("ok");
    },
  });
  await newProbe().health("hive-a", few);
  const endless = await startHive({
    "/health": (_request, response) => {
      const more = () => void (response.socket?.writable && response.writeEarlyHints({ link: "</a>" }, more));
      more();
    },
  });
  const error = await errorOf(newProbe().health("hive-a", endless));
  expect(error.message).toContain("/health: more than 16 interim answers");
});

test("counts a body that stops half-way, and an error, as unreachable", async () => {
  const stuck = await startHive({ "/v1/devices": (_request, response) => void response.writeHead(200).write("{") });
  expect((await errorOf(newProbe({ timeoutMs: 40 }).devices("hive-a", stuck))).code).toBe("HIVE_UNREACHABLE");
  const cut = await startHive({
    "/v1/devices": (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
    },
  });
  expect((await errorOf(newProbe().devices("hive-a", cut))).code).toBe("HIVE_UNREACHABLE");
  const error = await errorOf(ask("no", 404));
  expect(error.code).toBe("HIVE_UNREACHABLE");
  expect(error.message).toContain("/v1/devices answered 404");
});
