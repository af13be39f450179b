import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, OTHER_CA, QUEEN_CA, startAgent, startQueenDouble, temporaryFolder } from "./testing.ts";

const FAST = ["--port", "0", "--beat-interval-ms", "100"];

test("a token that takes the place of another in its file is shown with the next beats; without the file the one before is", async () => {
  const queen = await startQueenDouble();
  const path = join(temporaryFolder(), "token");
  writeFileSync(path, "hq_1_first", { mode: 0o600 });
  const agent = startAgent([...FAST, "--queen", queen.url, "--token-file", path]);
  const shown = (token: string) =>
    eventually(() => (queen.authorizations.at(-1) === `Bearer ${token}` ? true : undefined), token);
  await shown("hq_1_first");
  writeFileSync(`${path}.new`, "hq_2_second", { mode: 0o600 });
  renameSync(`${path}.new`, path);
  await shown("hq_2_second");
  rmSync(path);
  const { reason } = await agent.logged("what was read at the start stays");
  expect(reason).toContain(`--token-file (HIVE_TOKEN_FILE) ${path}: ENOENT`);
  const beats = queen.beats.length;
  await eventually(() => (queen.beats.length > beats + 2 ? true : undefined), "three beats more");
  expect(queen.authorizations.at(-1)).toBe("Bearer hq_2_second");
  expect(agent.log.filter(({ msg }) => msg.includes("stays"))).toHaveLength(1);
});

test("a certificate that takes the place of another in its file is trusted from then on", async () => {
  const queen = await startQueenDouble({ tls: true });
  const path = join(temporaryFolder(), "ca.pem");
  copyFileSync(OTHER_CA, path);
  const agent = startAgent([...FAST, "--queen", queen.url, "--queen-ca", path]);
  await agent.logged("queen not reached");
  copyFileSync(QUEEN_CA, path);
  await agent.logged("queen reached");
});
