import { statfsSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { HiveCatalog, mintToken } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { mountSmallDisk } from "@repo/test-support/mount";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_LIMITS } from "../src/config/settings.ts";
import { DOCUMENT } from "./contract.ts";
import { deadPort, startHive } from "./hive-server.ts";
import { Sshd } from "./lifecycle/sshd.ts";
import { exchange } from "./raw-request.ts";
import { logIn } from "./sessions.ts";
import { addHive, beatJson, HIVE_JSON, startTestQueen, type TestQueen } from "./test-queen.ts";
import { addToken } from "./tokens.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
interface Route {
  name: string;
  method: Method;
  path: string;
  statuses: number[];
  /** One that is right. */
  body: unknown;
}

/** Where the example of the document would be refused beside what a test prepares. */
const BODIES: Record<string, object> = {
  "POST /v1/hives": { ...HIVE_JSON, id: "hive-b" },
  "POST /v1/heartbeat": beatJson("hive-a"),
};

const ROUTES: Route[] = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([verb, { requestBody, responses }]) => {
    const method = verb.toUpperCase() as Method;
    const name = `${method} ${path}`;
    const [example] = Object.values(requestBody?.content ?? {}).flatMap(({ examples }) =>
      Object.values(examples ?? {}),
    );
    return { name, method, path, statuses: Object.keys(responses).map(Number), body: BODIES[name] ?? example?.value };
  }),
);

/** Where `path` leads for this id, of a hive, an operation or a file. */
const urlOf = ({ path }: Route, id: string): string =>
  path.replace(/\{[a-z]+\}/, id).replace(/best$/, "best?model=none");

/** Each route that may answer this status by the document does so to `ask`, and with what is written there. */
async function expectOfEach(status: number, ask: (route: Route) => Promise<{ status: number }>, of = ROUTES) {
  const routes = of.filter(({ statuses }) => statuses.includes(status));
  const answers = await Promise.all(routes.map(async (route) => `${(await ask(route)).status} ${route.name}`));
  expect(answers).toEqual(routes.map(({ name }) => `${status} ${name}`));
}

async function startQueen(options: Parameters<typeof startTestQueen>[0] = {}): Promise<TestQueen> {
  const queen = await startTestQueen(options);
  onTestFinished(() => queen[Symbol.asyncDispose]());
  return queen;
}

async function listen(options: Parameters<typeof startTestQueen>[0] = {}): Promise<number> {
  const queen = await startQueen(options);
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  return (queen.app.server.address() as AddressInfo).port;
}

/** Asks with a body that is right. */
const asking =
  (queen: TestQueen, id: string, headers: Record<string, string> = {}) =>
  (route: Route) => {
    const payload = route.body as object | undefined;
    return queen.send({ method: route.method, url: urlOf(route, id), headers, ...(payload && { payload }) });
  };

/** What each status is provoked by, at every route for which it is documented. */
const PROVOKED: Record<number, () => Promise<void>> = {
  400: async () => {
    const port = await listen();
    await expectOfEach(400, (route) =>
      exchange(port, `${route.method} ${urlOf(route, "a")} HTTP/1.1\r\nno header\r\n\r\n`),
    );
  },
  401: async () => {
    const queen = await startQueen();
    await addToken(queen.catalog, "operator");
    await expectOfEach(401, asking(queen, "hive-a"));
  },
  403: async () => {
    const queen = await startQueen();
    await expectOfEach(403, asking(queen, "a", { "sec-fetch-site": "cross-site" }));
  },
  404: async () => {
    const queen = await startQueen();
    await expectOfEach(404, asking(queen, "nobody"));
  },
  408: async () => {
    const timeouts = { headersMs: 250, requestMs: 250, silenceMs: 60_000, keepAliveMs: 60_000, checkMs: 10 };
    const port = await listen({ timeouts });
    await expectOfEach(408, (route) =>
      exchange(port, `${route.method} ${urlOf(route, "a")} HTTP/1.1\r\nHost: localhost\r\n`),
    );
  },
  409: async () => {
    const queen = await startQueen();
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "hive-b" });
    const deadlineMs = queen.clock.now() + 60_000;
    const owner = "other";
    await queen.catalog.queens.renew(owner);
    // It is the last one of an operator; she has not looked yet, and lets everybody in.
    await queen.catalog.tokens.add({ id: "hive-b", name: "b", role: "operator", hash: mintToken().hash });
    await queen.catalog.operations.begin({ id: "hive-b", hiveId: "hive-b", kind: "start", owner, deadlineMs });
    const first = { name: "r", role: "reader" };
    const ask = asking(queen, "hive-b");
    await expectOfEach(409, (route) => ask(route.name === "POST /v1/tokens" ? { ...route, body: first } : route));
  },
  410: async () => {
    const queen = await startQueen();
    for (const port of [8600, 8601]) await addHive(queen, port, { id: `hive-${port}` });
    const { body } = await queen.request("GET", "/v1/fleet?sort=status&limit=1");
    const restarted = await startQueen();
    const after = `?sort=status&after=${(body as { next_after: string }).next_after}`;
    await expectOfEach(410, (route) => restarted.request(route.method, `${urlOf(route, "a")}${after}`));
  },
  413: async () => {
    const queen = await startQueen();
    const payload = JSON.stringify("x".repeat(2_000_000));
    const headers = { "content-type": "application/json" };
    await expectOfEach(413, (route) => queen.send({ method: route.method, url: urlOf(route, "a"), headers, payload }));
  },
  414: async () => {
    const queen = await startQueen();
    await expectOfEach(414, asking(queen, "x".repeat(9000)));
  },
  415: async () => {
    const queen = await startQueen();
    const headers = { "content-type": "text/plain" };
    await expectOfEach(415, (route) =>
      queen.send({ method: route.method, url: urlOf(route, "a"), headers, payload: "a" }),
    );
  },
  429: async () => {
    const queen = await startQueen({ limits: { ...DEFAULT_LIMITS, addressRequestsPerSecond: 1 } });
    while ((await queen.request("GET", "/openapi.json")).status !== 429);
    await expectOfEach(429, asking(queen, "a"));
  },
  431: async () => {
    const port = await listen();
    const long = `X-Long: ${"x".repeat(65_536)}`;
    await expectOfEach(431, (route) =>
      exchange(port, `${route.method} ${urlOf(route, "a")} HTTP/1.1\r\n${long}\r\n\r\n`),
    );
  },
  500: async () => {
    const faulty = await startQueen();
    faulty.app.addHook("preHandler", async () => {
      throw new Error("a mistake in the queen");
    });
    await expectOfEach(500, asking(faulty, "a"));

    await using folder = await temporaryFolder();
    const file = join(folder.path, "hives.db");
    const damaged = await startQueen({ catalog: await HiveCatalog.open(file) });
    const { authorization, token } = await addToken(damaged.catalog, "operator");
    const sqlite = createClient({ url: `file:${file}` });
    await sqlite.execute("UPDATE tokens SET role = 'emperor'");
    sqlite.close();
    const guarded = ROUTES.filter(({ statuses }) => statuses.includes(401));
    const ask = asking(damaged, "a", { authorization });
    await expectOfEach(
      500,
      (route) => ask(route.name === "POST /v1/session" ? { ...route, body: { token } } : route),
      guarded,
    );
  },
  502: async () => {
    const queen = await startQueen();
    const port = await deadPort();
    const ssh = { ssh_host: "127.0.0.1", ssh_port: port, ssh_user: "nobody" };
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port, ...ssh });
    await expectOfEach(502, asking(queen, HIVE_JSON.id));
  },
  503: async () => {
    const queen = await startQueen({ readPage: () => Promise.reject(new Error("a source does not compile")) });
    await queen.catalog.close();
    await expectOfEach(503, asking(queen, "a"));
  },
  507: async () => {
    await using folder = await temporaryFolder();
    await using sshd = await Sshd.start();
    using disk = mountSmallDisk(join(folder.path, "disk"), 2_000_000);
    await using queen = await startTestQueen({ catalog: await HiveCatalog.open(join(disk.path, "hives.db")) });
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, port: (await startHive()).port });
    await queen.request("POST", "/v1/hives/hive-a/cordon", { reason: "its disk is full" });
    const ssh = { ssh_host: "127.0.0.1", ssh_port: sshd.port, ssh_user: sshd.account.name };
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "unpinned", ...ssh });
    await queen.request("POST", "/v1/hives", { ...HIVE_JSON, id: "pinned", ssh_host: "localhost" });
    const pinned = { host: "localhost", port: 22, keyType: "ssh-ed25519", publicKey: "AAAA" };
    await queen.catalog.hostKeys.pin(pinned);
    await using locked = await startTestQueen({ catalog: queen.catalog });
    const operator = await addToken(queen.catalog, "operator");
    const login = await logIn(locked, operator.token);
    const reader = await addToken(queen.catalog, "reader");
    const { bavail, bsize } = statfsSync(disk.path);
    writeFileSync(join(disk.path, "ballast"), Buffer.alloc(bavail * bsize));
    const ids: Record<string, string> = {
      "POST /v1/hives/{id}/ssh-host-key": "unpinned",
      "DELETE /v1/hives/{id}/ssh-host-key": "pinned",
    };
    const bodies: Record<string, object> = {
      "POST /v1/hives/{id}/ssh-host-key": { fingerprint: sshd.fingerprint("host_key") },
      "POST /v1/session": { token: operator.token },
      "POST /v1/tokens": { name: "r", role: "reader" },
    };
    await expectOfEach(507, (route) => {
      const { method, name } = route;
      const body = bodies[name] ?? route.body;
      if (/v1\/(?:session|tokens)/.test(name)) return asking(locked, reader.id, login.headers)({ ...route, body });
      return queen.request(method, urlOf(route, ids[name] ?? "hive-a"), body);
    });
  },
};

test("each status that the document has is looked at here", () => {
  const documented = new Set(ROUTES.flatMap(({ statuses }) => statuses).filter((status) => status >= 400));
  expect(Object.keys(PROVOKED).map(Number)).toEqual([...documented].toSorted());
});

test.each(Object.entries(PROVOKED))("every route that may answer %s does, as the document says", (_status, provoke) =>
  provoke(),
);
