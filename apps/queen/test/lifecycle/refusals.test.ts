import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SshSite } from "./ssh-site.ts";

test("an sshd that takes no further key is said to refuse the key, and not to be silent", async () => {
  await using site = await SshSite.start({ lines: ["MaxAuthTries 1"] });
  await site.confirmHostKey();
  await writeFile(join(site.sshd.folder, "authorized_keys"), "");
  expect(await site.operate("install")).toMatchObject({
    problem: expect.stringMatching(/Too many authentication failures \[SSH_KEY_REFUSED\]; next: put the public half/),
  });
}, 120_000);

test("a folder of the host that may not be looked into is no refusal of the key", async () => {
  await using site = await SshSite.start({
    forced: "echo 'Could not chdir to home directory: Permission denied' >&2; exit 255",
  });
  await site.confirmHostKey();
  expect(await site.operate("install")).toMatchObject({ problem: expect.stringContaining("[SSH_UNREACHABLE]") });
}, 120_000);

test("an sshd that speaks no algorithm of this ssh is said, where ssh says nothing of it", async () => {
  await using site = await SshSite.start({ lines: ["KexAlgorithms diffie-hellman-group1-sha1"] });
  const { catalog } = site.queen;
  const [keyType = "", publicKey = ""] = (await site.sshd.publicKey("host_key")).split(" ");
  await catalog.hostKeys.pin({ host: "127.0.0.1", port: site.sshd.port, keyType, publicKey });
  expect(await site.operate("install")).toMatchObject({
    problem: expect.stringMatching(/no algorithm in common \[SSH_UNREACHABLE\]/),
  });
}, 120_000);
