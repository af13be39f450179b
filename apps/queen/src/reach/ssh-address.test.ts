import { expect, test } from "vitest";
import { startHive } from "../../test/hive-server.ts";
import { sshOptions } from "../lifecycle/ssh/ssh-options.ts";
import { ForeseenError } from "../process/errors.ts";
import { AllowedHosts } from "./allowed-hosts.ts";
import { addressOf, sshTargetOf } from "./ssh-address.ts";

const sound = { sshHost: "hive.example", sshPort: 22, sshUser: "admin" };

test.each([
  { sshHost: "-oProxyCommand=touch canary" },
  { sshHost: "$(touch canary)" },
  { sshHost: "a b" },
  { sshHost: "a\nb" },
  { sshHost: "" },
  { sshHost: "-v" },
  { sshHost: "user@host" },
  { sshHost: "fe80::1%eth0" },
  { sshUser: "-oProxyCommand=x" },
  { sshUser: "a;b" },
  { sshUser: "a\nProxyCommand x" },
  { sshUser: "" },
  { sshPort: 0 },
  { sshPort: 65_536 },
  { sshPort: 1.5 },
  { sshPort: "22 -oProxyCommand=x" as unknown as number },
])("a record that says %j gets no connection, wherever it came from", (fields) => {
  const [name = ""] = Object.keys(fields).map((field) => field.replace("ssh", "ssh_").toLowerCase());
  expect(() => sshTargetOf({ ...sound, ...fields })).toThrow(ForeseenError);
  expect(() => sshTargetOf({ ...sound, ...fields })).toThrow(`${name} must be `);
});

test.each([
  ["[::1]", "::1"],
  ["gpu.example.com.", "gpu.example.com"],
  ["GPU_box", "gpu_box"],
  ["2001:DB8::1", "2001:db8::1"],
  ["bücher.example", "xn--bcher-kva.example"],
])("ssh goes to %s as %s", (sshHost, host) => {
  expect(sshTargetOf({ ...sound, sshHost })).toEqual({ host, port: 22, user: "admin" });
});

test("every connection checks the host key, and takes no configuration but ours", () => {
  const options = sshOptions(sshTargetOf(sound), "/tmp/known_hosts", { identity: undefined, knownHosts: undefined });
  expect(options.slice(0, 2)).toEqual(["-F", "none"]);
  expect(options.filter((option) => /stricthostkey/i.test(option))).toEqual(["StrictHostKeyChecking=yes"]);
  expect(options).toContain("BatchMode=yes");
  expect(options).toContain("User=admin");
  // Else the keys of an ssh-agent come first, and an sshd takes only so many.
  const withIdentity = sshOptions(sshTargetOf(sound), "/tmp/known_hosts", { identity: "/key", knownHosts: undefined });
  expect(withIdentity).toContain("IdentitiesOnly=yes");
});

const signal = new AbortController().signal;
const allowedHosts = AllowedHosts.parse("127.0.0.0/8");
const found = (...addresses: string[]) => ({
  allowedHosts,
  signal,
  resolve: async () => addresses.map((address) => ({ address, family: 4 })),
});
const target = { host: "hive.example", port: 22, user: null };

test("the address is one that was found and is allowed, and that very one", async () => {
  expect(await addressOf(target, found("10.0.0.1", "127.0.0.9"))).toBe("127.0.0.9");
  expect(await addressOf({ ...target, host: "127.0.0.3" }, found())).toBe("127.0.0.3");
  await expect(addressOf({ ...target, host: "10.0.0.7" }, found())).rejects.toThrow("QUEEN_ALLOWED_HOSTS");
  await expect(addressOf(target, found("10.0.0.7"))).rejects.toThrow("QUEEN_ALLOWED_HOSTS");
  await expect(addressOf(target, found())).rejects.toThrow("no address");
});

test("of several addresses it is the first that takes a connection", async () => {
  const server = await startHive({});
  const at = { ...target, port: server.port };
  expect(await addressOf(at, found("127.0.0.9", "127.0.0.1", "127.0.0.8"))).toBe("127.0.0.1");
  expect(await addressOf(at, found("127.0.0.9", "127.0.0.8"))).toBe("127.0.0.9");
});

test("of several addresses it is never one that takes a connection and is not allowed", async () => {
  const server = await startHive({});
  const narrow = { ...found("127.0.0.1", "127.0.0.9", "127.0.0.8"), allowedHosts: AllowedHosts.parse("127.0.0.8/31") };
  expect(await addressOf({ ...target, port: server.port }, narrow)).toBe("127.0.0.9");
});

test("a name that is never resolved holds nobody up who is leaving", async () => {
  const leaving = AbortSignal.abort(new Error("leaving"));
  const never = { allowedHosts, signal: leaving, resolve: () => new Promise<never>(() => {}) };
  await expect(addressOf(target, never)).rejects.toThrow("leaving");
});
