import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mountFreezableDisk, mountReadOnly, mountSmallDisk } from "@repo/test-support/mount";
import { expect, test } from "vitest";
import {
  AGENT,
  answerOk,
  answerProblem,
  eventually,
  OTHER_CA,
  QUEEN_CA,
  startAgent,
  startQueenDouble,
  temporaryFolder,
} from "./testing.ts";

const FAST = ["--port", "0", "--beat-interval-ms", "100"];

/** A queen that takes beats with this token alone. */
async function queenWith(token: string) {
  const queen = await startQueenDouble();
  const revoke = (inForce: string | undefined) =>
    queen.answerWith((response) =>
      response.req.headers.authorization === `Bearer ${inForce}`
        ? answerOk(response)
        : answerProblem(response, 401, "UNAUTHENTICATED"),
    );
  revoke(token);
  return { ...queen, revoke };
}

test("a token in the place of one that is revoked is read from its file, and without the file the one before stays", async () => {
  const queen = await queenWith("hq_1_first");
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, "hq_1_first", { mode: 0o600 });
  const agent = startAgent([...FAST, "--queen", queen.url, "--token-file", path]);
  await agent.logged("queen reached");
  writeFileSync(`${path}.new`, "hq_2_second", { mode: 0o600 });
  renameSync(`${path}.new`, path);
  queen.revoke("hq_2_second");
  await eventually(() => agent.log.filter(({ msg }) => msg === "queen reached")[1], "the second token");
  rmSync(path);
  queen.revoke(undefined);
  const { reason } = await agent.logged("stays as it was read before");
  expect(reason).toContain(`--token-file (HIVE_TOKEN_FILE) ${path}: ENOENT`);
  queen.revoke("hq_2_second");
  await eventually(
    () => agent.log.filter(({ msg }) => msg === "queen reached")[2],
    "the second token, without its file",
  );
  expect(agent.log.filter(({ msg }) => msg.includes("stays as it was"))).toHaveLength(1);
});

test("a certificate that takes the place of another in its file is trusted from then on, whatever became of the token's", async () => {
  const queen = await startQueenDouble({ tls: true });
  const folder = temporaryFolder();
  const [path, token] = [join(folder, "ca.pem"), join(folder, "token")];
  copyFileSync(OTHER_CA, path);
  writeFileSync(token, "hq_1_first", { mode: 0o600 });
  const agent = startAgent([...FAST, "--queen", queen.url, "--queen-ca", path, "--token-file", token]);
  await agent.logged("queen not reached");
  rmSync(token);
  await agent.logged("stays as it was read before");
  copyFileSync(QUEEN_CA, path);
  await agent.logged("queen reached");
  expect(new Set(queen.authorizations)).toEqual(new Set(["Bearer hq_1_first"]));
});

test("root's token file on a read-only mount in memory, as container platforms hand it over, is taken by an agent of another user, and none of a disk", () => {
  const [memory, disk] = [join(temporaryFolder(), "memory"), join(temporaryFolder(), "disk")];
  using _memory = mountSmallDisk(memory, 65_536);
  using _disk = mountFreezableDisk(disk);
  for (const folder of [memory, disk]) {
    writeFileSync(join(folder, "token"), "hq_1_secret", { mode: 0o644 });
    chmodSync(dirname(folder), 0o755);
  }
  using _readOnlyMemory = mountReadOnly(memory, memory);
  using _readOnlyDisk = mountReadOnly(disk, disk);
  const asOther = ["--reuid=54321", "--regid=54321", "--clear-groups", process.execPath];
  const once = ["--once", "--json", "--discover", "false", "--telemetry", "false"];
  const ends = [memory, disk].map((folder) => {
    const env = { PATH: process.env.PATH, HIVE_TOKEN_FILE: join(folder, "token") };
    const { status, stderr } = spawnSync("setpriv", [...asOther, AGENT, ...once], { encoding: "utf8", env });
    return { status, stderr };
  });
  expect(ends).toEqual([
    { status: 0, stderr: expect.any(String) },
    { status: 2, stderr: expect.stringContaining("others than its owner may use it (mode 644)") },
  ]);
});
