import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { HIVE_JSON, startTestQueen } from "../test-queen.ts";
import { until } from "../until.ts";
import { begin, type OperationJson } from "./operation.ts";
import { processes } from "./processes.ts";

const AT_ONCE = 16;
const MANY = 24;

/** An sshd that takes every connection and says nothing, and a queen with many hives behind it. */
async function startSilentSite() {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on("error", () => undefined))).listen(0);
  await once(silent, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const queen = await startTestQueen({
    lifecycle: {
      publicUrl: undefined,
      publicCa: undefined,
      ssh: { identity: undefined, knownHosts: undefined },
      programEnv: { PATH: process.env.PATH ?? "" },
    },
  });
  const ids = Array.from({ length: MANY }, (_, number) => `far-${number}`);
  for (const [number, id] of ids.entries()) {
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id, ssh_host: `127.0.1.${number}`, ssh_port: port });
  }
  return { queen, ids, silent, sockets, port };
}

const scansOf = (port: number) =>
  processes().filter(({ args }) => args.startsWith("ssh-keyscan ") && args.includes(` ${port} `));

test("of many operations so many run at once; the others say that they wait, can be cancelled, and end with the queen", async () => {
  const { queen, ids, sockets } = await startSilentSite();
  const operations: OperationJson[] = [];
  for (const id of ids) operations.push(await begin(queen.request, "stop", id));
  const stored = async ({ id }: OperationJson) => (await queen.catalog.operations.get(id)) ?? expect.unreachable();
  const isWaiting = async (operation: OperationJson) =>
    (await stored(operation)).steps.at(-1)?.name === "wait_for_turn";
  const [running, waiting] = [operations.slice(0, AT_ONCE), operations.slice(AT_ONCE)];
  await until("16 are connected, and the others wait", async () => {
    return sockets.size === AT_ONCE && (await Promise.all(waiting.map(isWaiting))).every(Boolean);
  });
  expect(await Promise.all(running.map(isWaiting))).not.toContain(true);

  const cancel = async (operation: OperationJson | undefined) =>
    (await queen.request("POST", `/v1/operations/${operation?.id}/cancel`)).body;
  const last = { state: "cancelled", problem: "wait_for_turn: it was cancelled" };
  expect(await cancel(waiting.at(-1))).toMatchObject(last);
  expect(await cancel(running[0])).toMatchObject({ state: "cancelled", problem: "connect: it was cancelled" });
  await until("the first in the line is connected", () => sockets.size === AT_ONCE + 1);
  expect(await isWaiting(waiting[0] as OperationJson)).toBe(false);

  const close = queen.catalog.close.bind(queen.catalog);
  queen.catalog.close = async () => {};
  await queen[Symbol.asyncDispose]();
  const ends = await Promise.all(operations.map(async (one) => (await stored(one)).problem));
  expect(ends).toEqual([
    "connect: it was cancelled",
    ...Array.from({ length: AT_ONCE }, () => "connect: the queen was stopped"),
    ...Array.from({ length: MANY - AT_ONCE - 2 }, () => "wait_for_turn: the queen was stopped"),
    last.problem,
  ]);
  await close();
}, 120_000);

test("of many hosts so many are asked for their keys at once, without a warning of Node, and the others when their turn comes", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const { queen, ids, silent, sockets, port } = await startSilentSite();
  const hosts = () => new Set([...sockets].map(({ localAddress }) => localAddress));
  const asked = ids.map((id) => queen.request("POST", `/v1/hives/${id}/ssh-host-key/scan`));
  await until("16 are asked", () => hosts().size === AT_ONCE);
  const first = hosts();
  // One that is asked connects several times, and may not have yet.
  silent.on("connection", (socket) => void (first.has(socket.localAddress) && socket.destroy()));
  for (const socket of sockets) socket.destroy();
  await until("others are asked in their place", () => scansOf(port).length === MANY - AT_ONCE);
  await queen[Symbol.asyncDispose]();
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  expect(warnings).toEqual([]);
}, 120_000);

test("operations and looks at host keys are 16 at one time together", async () => {
  const { queen, ids, sockets, port } = await startSilentSite();
  const scanned = ids.slice(0, AT_ONCE).map((id) => queen.request("POST", `/v1/hives/${id}/ssh-host-key/scan`));
  await until("16 are asked for their keys", () => scansOf(port).length === AT_ONCE);
  const { id } = await begin(queen.request, "stop", ids[AT_ONCE] ?? "");
  const steps = async () => ((await queen.catalog.operations.get(id))?.steps ?? []).map(({ name }) => name);
  await until("the operation has begun", async () => (await steps()).length > 0);
  expect(await steps()).toEqual(["wait_for_turn"]);
  for (const socket of sockets) socket.destroy();
  await until("its turn comes", async () => (await steps()).length > 1);
  await queen[Symbol.asyncDispose]();
  for (const { status } of await Promise.all(scanned)) expect(status).toBe(200);
}, 120_000);

test("equal looks at the keys of one host are one", async () => {
  const { queen, ids, sockets, port } = await startSilentSite();
  const look = (id = "") => queen.request("POST", `/v1/hives/${id}/ssh-host-key/scan`);
  const asked = [...Array.from({ length: MANY }, () => look(ids[1])), look(ids[2])];
  const scansOfHost = (host: string) => scansOf(port).filter(({ args }) => args.endsWith(` ${host}`)).length;
  await until("the other host is asked, too", () => scansOfHost("127.0.1.2") === 1);
  expect(scansOfHost("127.0.1.1")).toBe(1);
  for (const socket of sockets) socket.destroy();
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  await queen[Symbol.asyncDispose]();
}, 120_000);
