import { access, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { SshHost, type SshHostOptions, scanHostKeys } from "./ssh-host.ts";

const env = { PATH: process.env.PATH ?? "", LC_ALL: "C" };
const signal = new AbortController().signal;

async function aFolder(): Promise<string> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

const options = (hostile: Partial<Pick<SshHostOptions, "target" | "address">>): SshHostOptions => ({
  target: { host: "127.0.0.1", port: 1, user: null },
  address: "127.0.0.1",
  pinned: [],
  settings: { identity: undefined, knownHosts: undefined },
  program: { env, timeoutMs: 20_000 },
  ...hostile,
});

test("even what got past every check is nothing that ssh or ssh-keyscan would run", async () => {
  const folder = await aFolder();
  const canary = join(folder, "canary");
  for (const text of [
    // As an option it would have ssh say its version, and succeed.
    "-V",
    `-oProxyCommand=touch ${canary}`,
    `$(touch ${canary})`,
    `x\nProxyCommand touch ${canary}`,
    "a b",
  ]) {
    const target = { host: text, port: 1, user: text };
    for (const hostile of [{ address: text }, { target }]) {
      const host = await SshHost.open(options(hostile));
      await expect(host.run(["true"], { signal }), text).rejects.toThrow();
      await host.close();
    }
    expect(await scanHostKeys(text, 1, { env, timeoutMs: 20_000, signal })).toEqual([]);
  }
  await expect(access(canary)).rejects.toThrow("ENOENT");
});

test("a temporary folder that cannot be written, as in a container with a read-only root, is named, and no fault of the queen", async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv("TMPDIR", join(await aFolder(), "none"));
  const failure = { code: "TEMP_FOLDER_UNUSABLE", message: expect.stringContaining(join("none", "queen-ssh-")) };
  await expect(SshHost.open(options({}))).rejects.toMatchObject(failure);
});

test("that ssh runs for no user without an entry in /etc/passwd, as in a container, is not blamed on the host", async () => {
  const folder = await aFolder();
  const asNobodyOfThisMachine = `PATH='${env.PATH}' exec setpriv --reuid=54321 --regid=54321 --clear-groups ssh "$@"`;
  await writeFile(join(folder, "ssh"), `#!/bin/sh\n${asNobodyOfThisMachine}\n`, { mode: 0o755 });
  const program = { env: { ...env, PATH: `${folder}:${env.PATH}` }, timeoutMs: 20_000 };
  const host = await SshHost.open({ ...options({}), program });
  onTestFinished(() => host.close());
  const failure = { code: "QUEEN_USER_UNKNOWN", message: expect.stringContaining("No user exists for uid 54321") };
  await expect(host.run(["true"], { signal })).rejects.toMatchObject(failure);
});

/** The longest path that the system takes, and what the queen puts behind that of the folder for temporary files. */
const MAX_PATH_LENGTH = 4095;
const OWN_FOLDER = "/queen-ssh-XXXXXX";

test("of a connection whose known hosts cannot be written, as on a disk that is full by then, nothing is left behind", async () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  // There a folder can be made, and no file in it.
  const length = MAX_PATH_LENGTH - OWN_FOLDER.length;
  let path = await aFolder();
  while (path.length < length - 2) path = join(path, "x".repeat(Math.min(200, length - path.length - 1)));
  await mkdir(path, { recursive: true });
  vi.stubEnv("TMPDIR", path);
  const failure = { code: "TEMP_FOLDER_UNUSABLE", message: expect.stringContaining("known_hosts") };
  await expect(SshHost.open(options({}))).rejects.toMatchObject(failure);
  expect(await readdir(path)).toEqual([]);
});
