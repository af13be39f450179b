import { rename, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { NameServer } from "../../test/name-server.ts";
import { Names, NameUnansweredError } from "./names.ts";

const at = (address: string) => [{ address, family: address.includes(":") ? 6 : 4 }];

async function newNames(server: NameServer, { hosts = "", resolver = "" } = {}) {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const hostsFile = `${folder.path}/hosts`;
  const resolverFile = `${folder.path}/resolv.conf`;
  await writeFile(hostsFile, hosts);
  await writeFile(resolverFile, resolver);
  const { resolve } = new Names({ servers: [server.address], hostsFile, resolverFile });
  return { resolve, hostsFile, resolverFile };
}

describe("finds a host", () => {
  test("by its address", async () => {
    const server = await NameServer.start();
    const { resolve } = await newNames(server);
    expect(await resolve("10.0.0.1")).toEqual(at("10.0.0.1"));
    expect(await resolve("::1")).toEqual(at("::1"));
    expect(server.asked).toEqual([]);
  });

  test("in the hosts file, all its addresses, and anew when that is written", async () => {
    const server = await NameServer.start();
    const hosts = "127.0.0.1 localhost gpu-01.\n::1\tLOCALHOST # loopback\n#10.0.0.1 gpu-02\nnonsense\n";
    const { resolve, hostsFile } = await newNames(server, { hosts });
    expect(await resolve("localhost")).toEqual([...at("127.0.0.1"), ...at("::1")]);
    expect(await resolve("GPU-01")).toEqual(at("127.0.0.1"));
    await expect(resolve("gpu-02")).rejects.toThrow("there is no host gpu-02");
    await writeFile(hostsFile, "10.0.0.2 gpu-02");
    expect(await resolve("gpu-02")).toEqual(at("10.0.0.2"));
    await writeFile(`${hostsFile}.new`, "10.0.0.3 gpu-02");
    await rename(`${hostsFile}.new`, hostsFile);
    expect(await resolve("gpu-02")).toEqual(at("10.0.0.3"));
  });

  test("at a name server, with the search domains of the system", async () => {
    const server = await NameServer.start({ "gpu.rack.example": "10.0.0.3", "gpu.example.com": "10.0.0.4" });
    const { resolve, resolverFile } = await newNames(server, { resolver: "search other.example rack.example\n" });
    expect(await resolve("gpu")).toEqual(at("10.0.0.3"));
    expect(server.asked).toEqual(["gpu.other.example", "gpu.rack.example"]);
    expect(await resolve("gpu.example.com")).toEqual(at("10.0.0.4"));
    expect(server.asked.at(-1)).toBe("gpu.example.com");
    await writeFile(resolverFile, "domain example.com\noptions ndots:1 rotate ndots:3\n");
    expect(await resolve("gpu")).toEqual(at("10.0.0.4"));
    expect(await resolve("gpu.example.com")).toEqual(at("10.0.0.4"));
    expect(server.asked.slice(-2)).toEqual(["gpu.example.com.example.com", "gpu.example.com"]);
  });
});

describe("a name server that says nothing", () => {
  test("is asked once for each name, however many ask", async () => {
    const server = await NameServer.start({ "a.example": "10.0.0.1" });
    server.isSilent = true;
    const { resolve } = await newNames(server);
    const all = Promise.all(["a.example", "A.example", "a.example"].map((name) => resolve(name)));
    await expect.poll(() => server.asked).toEqual(["a.example"]);
    server.speak();
    expect(await all).toEqual([at("10.0.0.1"), at("10.0.0.1"), at("10.0.0.1")]);
  });

  test("keeps no other name waiting", async () => {
    const silent = await NameServer.start();
    silent.isSilent = true;
    const { resolve } = await newNames(silent, { hosts: "127.0.0.1 alive" });
    const hanging = Array.from({ length: 100 }, (_, index) => resolve(`gpu-${index}.example`, 1).catch(() => "late"));
    expect(await resolve("alive")).toEqual(at("127.0.0.1"));
    expect(new Set(await Promise.all(hanging))).toEqual(new Set(["late"]));
  });

  test("tells nothing of a host that was never found, and of one that was, that it is where it was", async () => {
    const server = await NameServer.start({ "a.example": "10.0.0.1" });
    const { resolve } = await newNames(server);
    expect(await resolve("a.example")).toEqual(at("10.0.0.1"));
    server.isSilent = true;
    expect(await resolve("a.example", 1)).toEqual(at("10.0.0.1"));
    await expect(resolve("b.example", 1)).rejects.toThrow(NameUnansweredError);
    server.addresses["a.example"] = "10.0.0.2";
    server.speak();
    await expect.poll(() => resolve("a.example", 1)).toEqual(at("10.0.0.2"));
  });

  test("is like one that is not there, and unlike one that knows of no such host, or of no address of it", async () => {
    const server = await NameServer.start({ "a.example": "10.0.0.1", "b.example": "10.0.0.2" });
    const { resolve } = await newNames(server);
    await resolve("a.example");
    delete server.addresses["a.example"];
    await expect(resolve("a.example")).rejects.toThrow("there is no host a.example");
    await resolve("b.example");
    server.addresses["b.example"] = "";
    await expect(resolve("b.example")).rejects.toThrow("there is no host b.example");
    server.isSilent = true;
    await expect(resolve("a.example", 1)).rejects.toThrow(NameUnansweredError);
    const { resolve: askNobody } = new Names({ servers: ["127.0.0.1:1"], hostsFile: "/dev/null" });
    await expect(askNobody("a.example")).rejects.toThrow(NameUnansweredError);
  });
});
