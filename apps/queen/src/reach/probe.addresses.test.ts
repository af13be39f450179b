import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { errorOf, never, newProbe, resolveTo } from "../../test/a-probe.ts";
import { HEALTHY, startHive } from "../../test/hive-server.ts";
import type { Resolve } from "./names.ts";

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

test("looks a name up in half of its time: the rest is for where it was last", async () => {
  const within: unknown[] = [];
  const hive = await startHive();
  const resolve: Resolve = (host, withinMs) => {
    within.push(withinMs);
    return resolveTo("127.0.0.1")(host);
  };
  await newProbe({ resolve, timeoutMs: 9000 }).health("hive-a", { host: "gpu.example.com", port: hive.port });
  expect(within).toEqual([4500]);
});

test.each(["::1", "[::1]"])("contacts %s without a name", async (host) => {
  const server = createServer((_request, response) => response.end()).listen(0, "::1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await newProbe({ resolve: () => Promise.reject(new Error("a name")) }).health("hive-a", { host, port });
});

test.each(["a b", "127.0.0.1:80", "127.0.0.1/path", "", "user@127.0.0.1", "127.0.0.1#", "127.0.0.1?x", "127%2e0.0.1"])(
  "contacts nobody for %j, which is no host, and says so",
  async (host) => {
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
  },
);

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
  const forbidden = createServer()
    .on("connection", () => (connections += 1))
    .listen(hive.port, "127.0.0.2");
  onTestFinished(() => void forbidden.close());
  await once(forbidden, "listening");
  let [calls, connections] = [0, 0];
  const resolve: Resolve = async () => {
    calls += 1;
    return [
      { address: "127.0.0.2", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
  };
  await newProbe({ allowed: "127.0.0.1", resolve }).health("hive-a", { host: "gpu.example.com", port: hive.port });
  expect({ calls, connections }).toEqual({ calls: 1, connections: 0 });
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
