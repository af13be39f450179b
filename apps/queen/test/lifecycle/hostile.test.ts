import { access } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test } from "vitest";
import { HIVE_JSON, startTestQueen } from "../test-queen.ts";
import { ended } from "./operation.ts";

const SSH = { ssh_host: "127.0.0.1", ssh_port: 1, ssh_user: "nobody" };
const KINDS = ["start", "stop", "restart", "install"];

/** A queen with a catalog in a file, and a file that must never come to be. */
async function startTarget() {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const file = join(folder.path, "hives.db");
  const queen = await startTestQueen({
    catalog: await HiveCatalog.open(file),
    lifecycle: {
      publicUrl: "http://127.0.0.1:1",
      publicCa: undefined,
      ssh: { identity: undefined, knownHosts: undefined },
      programEnv: { PATH: process.env.PATH ?? "", HOME: folder.path },
    },
  });
  onTestFinished(() => queen[Symbol.asyncDispose]());
  const canary = join(folder.path, "canary");
  return {
    queen,
    file,
    canary,
    isCanaryThere: () =>
      access(canary).then(
        () => true,
        () => false,
      ),
  };
}

const hostile = (canary: string) => [
  `-oProxyCommand=touch ${canary}`,
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `x;touch ${canary};`,
  `x\ntouch ${canary}\n`,
  `x' ; touch ${canary} ; '`,
  `127.0.0.1 -oProxyCommand=touch$\{IFS}${canary}`,
  "a b",
  "-v",
  "",
];

test("hostile values are refused at the door", async () => {
  const { queen, canary, isCanaryThere } = await startTarget();
  for (const value of hostile(canary)) {
    for (const field of ["id", "host", "port", "ssh_host", "ssh_port", "ssh_user"]) {
      const posted = await queen.request("POST", "/v1/hives", { ...HIVE_JSON, ...SSH, [field]: value });
      expect(posted, `${field} ${value}`).toMatchObject({
        status: 400,
        body: { code: "INVALID_HIVE", errors: [{ field }] },
      });
    }
    for (const kind of KINDS) {
      const { status } = await queen.request("POST", `/v1/hives/${encodeURIComponent(value)}/${kind}`);
      expect(status, value).toBe(404);
    }
  }
  expect(await isCanaryThere()).toBe(false);
  expect(await queen.catalog.operations.list()).toEqual([]);
});

test("nor do they run anything when another program has put them into the file", async () => {
  const { queen, file, canary, isCanaryThere } = await startTarget();
  const client = createClient({ url: `file:${file}` });
  onTestFinished(() => client.close());
  const fingerprint = `SHA256:${"A".repeat(43)}`;
  for (const column of ["id", "host", "port", "ssh_host", "ssh_port", "ssh_user"]) {
    for (const value of hostile(canary)) {
      await queen.request("POST", "/v1/hives", { ...HIVE_JSON, ...SSH });
      await client.execute({ sql: `UPDATE hives SET ${column} = ?`, args: [value] });
      const id = encodeURIComponent(column === "id" ? value : HIVE_JSON.id);
      const what = `${column} ${value}`;
      const pinning = await queen.request("POST", `/v1/hives/${id}/ssh-host-key`, { fingerprint });
      if (column.endsWith("port")) expect(pinning, what).toMatchObject({ body: { code: "CORRUPT_HIVE" } });
      else expect(pinning.status, what).toBe(column.startsWith("ssh_") ? 409 : 502);
      for (const kind of KINDS) {
        const begun = await queen.request("POST", `/v1/hives/${id}/${kind}`);
        if (column.endsWith("port")) expect(begun, what).toMatchObject({ body: { code: "CORRUPT_HIVE" } });
        else {
          const { state, problem } = await ended(queen.request, (begun.body as { id: string }).id);
          expect({ state, problem }, what).toEqual({ state: "failed", problem: expect.stringMatching(/^connect: /) });
        }
      }
      await queen.request("DELETE", `/v1/hives/${id}`);
    }
  }
  expect(await isCanaryThere()).toBe(false);
}, 120_000);
