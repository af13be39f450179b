import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { postJson, queenProcesses } from "../queen-processes.ts";

/** Processes that cannot see each other, under one hostname, as in two containers of one machine. */
const ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

const queens = queenProcesses();

test("what a queen runs is left alone by another one that cannot see her process", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const ssh_port = (silent.address() as AddressInfo).port;
  const origin = await queens.start([], {}, { through: ALONE }).origin();
  const otherOrigin = await queens.start([], {}, { through: ALONE }).origin();
  const far = { id: "far", host: "127.0.0.1", port: 1, ssh_host: "127.0.0.1", ssh_port };
  expect((await postJson(`${origin}/v1/hives`, far)).status).toBe(201);
  const begun = await postJson(`${origin}/v1/hives/far/start`, {});
  expect(begun.status).toBe(202);

  const refused = await postJson(`${otherOrigin}/v1/hives/far/start`, {});
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: "OPERATION_IN_PROGRESS" }]);
  const { id } = (await begun.json()) as { id: string };
  expect(await (await fetch(`${otherOrigin}/v1/operations/${id}`)).json()).toMatchObject({ state: "running" });
});
