import { expect, test } from "vitest";
import { AllowedHosts } from "../allowed-hosts.ts";
import { allowedAddressOf, sshTargetOf } from "./ssh-address.ts";
import { sshOptions } from "./ssh-options.ts";
import { StepError } from "./step-error.ts";

const sound = { sshHost: "hive.example", sshPort: 22, sshUser: "admin" };

test.each([
  { sshHost: "-oProxyCommand=touch canary" },
  { sshHost: "$(touch canary)" },
  { sshHost: "a b" },
  { sshHost: "a\nb" },
  { sshHost: "" },
  { sshUser: "-oProxyCommand=x" },
  { sshUser: "a;b" },
  { sshUser: "a\nProxyCommand x" },
  { sshUser: "" },
  { sshPort: 0 },
  { sshPort: 65_536 },
  { sshPort: 1.5 },
  { sshPort: "22 -oProxyCommand=x" as unknown as number },
])("a record that says %j gets no connection, wherever it came from", (fields) => {
  expect(() => sshTargetOf({ ...sound, ...fields })).toThrow(StepError);
});

test("every connection checks the host key, and takes no configuration but ours", () => {
  const options = sshOptions(sshTargetOf(sound), "/tmp/known_hosts", { identity: undefined, knownHosts: undefined });
  expect(options.slice(0, 2)).toEqual(["-F", "none"]);
  expect(options.filter((option) => /stricthostkey/i.test(option))).toEqual(["StrictHostKeyChecking=yes"]);
  expect(options).toContain("BatchMode=yes");
  expect(options).toContain("User=admin");
});

test("the address is one that was found and is allowed, and that very one", async () => {
  const allowedHosts = AllowedHosts.parse("127.0.0.0/8");
  const resolve = async () => [
    { address: "10.0.0.1", family: 4 },
    { address: "127.0.0.9", family: 4 },
  ];
  expect(await allowedAddressOf("hive.example", resolve, allowedHosts)).toBe("127.0.0.9");
  expect(await allowedAddressOf("127.0.0.3", resolve, allowedHosts)).toBe("127.0.0.3");
  await expect(allowedAddressOf("10.0.0.7", resolve, allowedHosts)).rejects.toThrow("QUEEN_ALLOWED_HOSTS");
  await expect(allowedAddressOf("hive.example", async () => [], allowedHosts)).rejects.toThrow("no address");
});
