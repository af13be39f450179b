import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ZodError } from "zod";
import { type Answer, answer, DEVICES_JSON, HEALTHY, HiveServer } from "../../test/hive-server.ts";
import { AllowedHosts } from "./allowed-hosts.ts";
import { Names, type Resolve } from "./names.ts";
import { Probe, ProbeError } from "./probe.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function startHive(routes: Record<string, Answer> = HEALTHY): Promise<HiveServer> {
  const hive = await HiveServer.start(routes);
  cleanups.push(() => hive.stop());
  return hive;
}

function newProbe(options: { allowed?: string; resolve?: Resolve; timeoutMs?: number } = {}): Probe {
  const { allowed = "127.0.0.0/8,::1", resolve = new Names().resolve, timeoutMs = 10_000 } = options;
  return new Probe({ allowedHosts: AllowedHosts.parse(allowed), resolve, timeoutMs });
}

const never: Answer = () => undefined;
const resolveTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));

async function errorOf(promise: Promise<unknown>): Promise<ProbeError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProbeError) return error;
  throw new Error(`expected a ProbeError, got ${error}`);
}

describe("health", () => {
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
    await newProbe().health("hive-a", hive);
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
    expect((await errorOf(probe.health("hive-a", hive))).message).toContain("the queen is stopping");
  });
});

describe("where it connects", () => {
  test.each([
    ["gpu_box", "gpu_box"],
    ["gpu.example.com.", "gpu.example.com"],
    ["GPU.example.com", "gpu.example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
  ])("contacts %s under the name %s", async (host, name) => {
    const asked: string[] = [];
    const hive = await startHive({
      "/health": ({ headers }, response) => {
        asked.push(headers.host ?? "");
        response.end();
      },
    });
    const resolve: Resolve = (given) => {
      asked.push(given);
      return resolveTo("127.0.0.1")(given);
    };
    // A listed name is the same name.
    await newProbe({ allowed: name, resolve }).health("hive-a", { host, port: hive.port });
    expect(asked).toEqual([name, `${name}:${hive.port}`]);
  });

  test.each(["::1", "[::1]"])("contacts %s without a name", async (host) => {
    const server = createServer((_request, response) => response.end()).listen(0, "::1");
    cleanups.push(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await newProbe({ resolve: () => Promise.reject(new Error("a name")) }).health("hive-a", { host, port });
  });

  test.each([
    "a b",
    "127.0.0.1:80",
    "127.0.0.1/path",
    "",
    "user@127.0.0.1",
    "127.0.0.1#",
    "127.0.0.1?x",
    "127%2e0.0.1",
  ])("contacts nobody for %j, which is no host, and says so", async (host) => {
    const hive = await startHive();
    const probe = newProbe({ resolve: resolveTo("127.0.0.1") });
    for (const asked of [
      probe.health("hive-a", { host, port: hive.port }),
      probe.devices("hive-a", { host, port: 1 }),
    ]) {
      expect(await errorOf(asked)).toMatchObject({
        code: "HIVE_NOT_ALLOWED",
        message: `${JSON.stringify(host)} is no host name and no IP address, so it is not contacted: give the hive another host`,
      });
    }
    expect(hive.requests).toEqual([]);
  });

  test("contacts no address that is not allowed", async () => {
    const error = await errorOf(newProbe().health("hive-a", { host: "10.0.1.100", port: 8600 }));
    expect(error.code).toBe("HIVE_NOT_ALLOWED");
    expect(error.message).toContain("10.0.1.100:8600 is not among the hosts");
  });

  test("checks the address that a name resolves to", async () => {
    const hive = await startHive();
    const resolve = resolveTo("10.0.0.9", "169.254.169.254");
    const error = await errorOf(newProbe({ resolve }).health("hive-a", { host: "gpu.example.com", port: hive.port }));
    expect(error.code).toBe("HIVE_NOT_ALLOWED");
    expect(error.message).toContain("gpu.example.com");
    expect(error.message).toContain("10.0.0.9, 169.254.169.254");
  });

  test("connects to the very address that it checked, and to the allowed ones of several", async () => {
    const hive = await startHive();
    let calls = 0;
    const resolve: Resolve = async () => {
      calls += 1;
      return [
        { address: "10.0.0.9", family: 4 },
        { address: "127.0.0.1", family: 4 },
      ];
    };
    await newProbe({ resolve }).health("hive-a", { host: "gpu.example.com", port: hive.port });
    expect(calls).toBe(1);
    expect(hive.requests).toEqual(["GET /health"]);
  });

  test("resolves anew each time, so a name that moves to a forbidden address is refused", async () => {
    const hive = await startHive();
    const answers = ["127.0.0.1", "169.254.169.254"];
    const probe = newProbe({ allowed: "gpu.example.com", resolve: (host) => resolveTo(answers.shift() ?? "")(host) });
    await probe.health("hive-a", { host: "gpu.example.com", port: hive.port });
    expect((await errorOf(probe.health("hive-a", { host: "gpu.example.com", port: hive.port }))).code).toBe(
      "HIVE_NOT_ALLOWED",
    );
  });

  test("checks the spellings that a system resolver reads as an address", async () => {
    // getaddrinfo reads this as 10.0.0.1, which the list does not allow.
    const error = await errorOf(newProbe().health("hive-a", { host: "0xa000001", port: 1 }));
    expect(error.code).toBe("HIVE_NOT_ALLOWED");
  });

  test.each([
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0XA9.0xFE.169.254",
    "0251.0376.0251.0376",
    "025177524776",
    "169.254.43518",
    "169.16689662",
    "::ffff:169.254.169.254",
    "0:0:0:0:0:FFFF:A9FE:A9FE",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::",
    "fe80::1",
    "fd00:ec2::254",
  ])("never contacts the metadata of a cloud as %s, whatever is allowed", async (host) => {
    const allowed = "0.0.0.0/0,::/0";
    const error = await errorOf(newProbe({ allowed }).health("hive-a", { host, port: 80 }));
    expect(error.code).toBe("HIVE_NOT_ALLOWED");
  });

  test.each(["169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "fe80::1%eth0", "nonsense"])(
    "does not follow a name to %s, not even one that is allowed by name",
    async (address) => {
      const resolve: Resolve = async () => [{ address, family: address.includes(":") ? 6 : 4 }];
      const probe = newProbe({ allowed: "gpu.example.com", resolve });
      const error = await errorOf(probe.health("hive-a", { host: "gpu.example.com", port: 80 }));
      expect(error.code).toBe("HIVE_NOT_ALLOWED");
    },
  );

  test("resolves once for each connection: DNS that changes between check and connect changes nothing", async () => {
    const hive = await startHive({ "/v1/health": HEALTHY["/health"] ?? never });
    const answers = ["127.0.0.1", "169.254.169.254"];
    const resolve: Resolve = (host) => resolveTo(answers.shift() ?? "10.0.0.9")(host);
    const error = await errorOf(newProbe({ resolve }).health("hive-a", { host: "gpu.example.com", port: hive.port }));
    expect(error.message).toContain("169.254.169.254");
    expect(hive.requests).toEqual(["GET /health"]);
    expect(answers).toEqual([]);
  });

  test("reports a name that has no address as unreachable", async () => {
    const resolve: Resolve = () => Promise.reject(new Error("getaddrinfo ENOTFOUND gpu.example.com"));
    const error = await errorOf(newProbe({ resolve }).health("hive-a", { host: "gpu.example.com", port: 1 }));
    expect(error.code).toBe("HIVE_UNREACHABLE");
    expect(error.message).toContain("ENOTFOUND");
  });
});

describe("devices", () => {
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
      const more = () => void (response.writable && response.write("x".repeat(65_536), more));
      more();
    };
    const hive = await startHive({ "/health": endless, "/v1/health": endless });
    expect((await errorOf(newProbe().health("hive-a", hive))).code).toBe("HIVE_UNREACHABLE");
    await Promise.all(closed);
    expect(closed).toHaveLength(2);
  });

  test("reads no more than 256 KB of a body without an end", async () => {
    const hive = await startHive({
      "/v1/devices": (_request, response) => {
        const more = () => void (response.writable && response.write("x".repeat(65_536), more));
        more();
      },
    });
    const error = await errorOf(newProbe().devices("hive-a", hive));
    expect(error.code).toBe("INVALID_DEVICES");
    expect(error.message).toContain("more than 262144 bytes");
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
});
