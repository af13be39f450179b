import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { expect, test } from "vitest";
import { exchange } from "../../../test/raw-request.ts";
import { logIn } from "../../../test/sessions.ts";
import { LIFECYCLE_SETTINGS, startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { addToken } from "../../../test/tokens.ts";

const list = (queen: TestQueen, headers: Record<string, string> = {}) =>
  queen.send({ method: "GET", url: "/v1/hives", headers });

test("lets no page of another site in while it is open", async () => {
  await using queen = await startTestQueen();
  const send = (origin: string) => list(queen, { origin, host: "127.0.0.1:8500" });
  expect((await send("http://127.0.0.1:8500")).status).toBe(200);
  for (const origin of ["https://evil.example", "http://127.0.0.1:9000", "null"]) {
    expect(await send(origin), origin).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  }
});

test.each(["cross-site", "same-site"])("while it is open, shows nothing to a page that is %s", async (site) => {
  await using queen = await startTestQueen();
  for (const url of [
    "/v1/hives",
    "/v1/counts",
    "/v1/events",
    "/metrics",
    "/health",
    "/docs",
    "/openapi.json",
    "/none",
  ]) {
    const asked = { method: "GET", url, headers: { "sec-fetch-site": site } } as const;
    expect(await queen.send(asked), url).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  }
  for (const own of ["same-origin", "none"]) expect((await list(queen, { "sec-fetch-site": own })).status).toBe(200);
});

test("whoever follows a link from another site comes to the page, which shows the same to everybody, and to nothing else", async () => {
  await using queen = await startTestQueen();
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  const follow = async (url: string, method: "GET" | "POST" | "HEAD" = "GET", headers = link) =>
    (await queen.app.inject({ method, url, headers })).statusCode;
  for (const url of ["/", "/?a=b", "/ui", "/ui/", "/ui/hives/a", "/ui?status=offline"]) {
    expect(await follow(url), url).not.toBe(403);
  }
  for (const url of ["/v1/hives", "/uix", "//", "/docs", "/v1/ui", "/%75i"]) expect(await follow(url), url).toBe(403);
  expect([await follow("/ui", "POST"), await follow("/ui", "HEAD")]).toEqual([403, 403]);
  expect(await follow("/ui", "GET", { ...link, "sec-fetch-mode": "no-cors" })).toBe(403);
});

test("a session is held to the same rule, for every method and path; a token is not, and neither is who shows nothing", async () => {
  await using queen = await startTestQueen();
  const { token, authorization } = await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  const { headers } = await logIn(queen, token);
  const foreign = [{ "sec-fetch-site": "same-site" }, { "sec-fetch-site": "cross-site" }, { origin: "http://other" }];
  const host = "queen.example";
  for (const from of foreign) {
    for (const url of ["/v1/hives", "/docs", "/health", "/none"]) {
      for (const method of ["GET", "DELETE", "OPTIONS"] as const) {
        const asked = await queen.app.inject({ method, url, headers: { host, ...headers, ...from } });
        expect(asked.statusCode, `${method} ${url}`).toBe(403);
      }
    }
    expect((await list(queen, { host, ...headers, authorization, ...from })).status).toBe(200);
    expect((await list(queen, { host, ...from })).status).toBe(401);
    const attempt = { method: "POST", url: "/v1/session", headers: { host, ...from }, payload: { token } } as const;
    expect(await queen.send(attempt)).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  }
});

test("behind a proxy neither the scheme nor a Referer matters, nor the Host that it sends where the browser says whose page it is", async () => {
  await using queen = await startTestQueen();
  const { token } = await addToken(queen.catalog, "operator");
  await queen.door.known.refresh();
  const { headers } = await logIn(queen, token);
  const origin = "https://queen.example";
  const asked = async (further: Record<string, string>) =>
    (await list(queen, { ...headers, origin, ...further })).status;
  expect(await asked({ host: "queen.example" })).toBe(200);
  expect(await asked({ host: "Queen.Example", referer: "https://elsewhere.example" })).toBe(200);
  expect(await asked({ host: "10.0.0.1:8500", "sec-fetch-site": "same-origin" })).toBe(200);
  expect(await asked({ host: "10.0.0.1:8500" })).toBe(403);
  expect(await asked({ host: "queen.example", origin: "null" })).toBe(403);
});

test("while it is open, is reached under no name that somebody else could let point here", async () => {
  await using queen = await startTestQueen();
  for (const host of ["localhost:8500", "127.0.0.1:8500", "[::1]:8500", "localhost", "127.9.9.9", "LocalHost:8500"]) {
    expect((await list(queen, { host })).status, host).toBe(200);
  }
  const names = ["evil.example:8500", "evil.example", "10.0.0.1:8500", "localhost.evil.example", "attacker:8500", "ai"];
  for (const host of [...names, "evil%2eexample", "0x7f000001", "2130706433", "127.1", ":8500", "me@localhost"]) {
    const refused = { status: 403, body: { code: "FORBIDDEN" } };
    expect(await list(queen, { host }), host).toMatchObject(refused);
    expect(await list(queen, { host, origin: `http://${host}` }), host).toMatchObject(refused);
  }
});

test("while it is open, is reached by the name in its public URL, and by no other name of its machine", async () => {
  const lifecycle = { ...LIFECYCLE_SETTINGS, publicUrl: "https://Queen.example:8500/fleet" };
  await using queen = await startTestQueen({ lifecycle });
  expect((await list(queen, { host: "queen.example:8500", origin: "https://queen.example:8500" })).status).toBe(200);
  expect((await list(queen, { host: hostname() })).status).toBe(403);
});

test("while it is open, a whole URL as the target of a request counts in place of Host", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = queen.app.server.address() as AddressInfo;
  const ask = (target: string) =>
    exchange(port, `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  for (const own of ["http://localhost/v1/counts", "HTTP://127.0.0.1:8500/v1/counts", "/v1/counts"]) {
    expect((await ask(own)).status, own).toBe(200);
  }
  for (const name of ["evil.example", "localhost@evil.example", "me@localhost", "127.1"]) {
    expect((await ask(`http://${name}/v1/counts`)).status, name).toBe(403);
  }
});

test("while it is open, takes one Host header, not an empty one, and not a good one before or behind another", async () => {
  await using queen = await startTestQueen();
  await queen.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = queen.app.server.address() as AddressInfo;
  const ask = (...hosts: string[]) => {
    const lines = hosts.map((host) => `Host: ${host}\r\n`).join("");
    return exchange(port, `GET /v1/counts HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
  };
  expect((await ask("localhost")).status).toBe(200);
  expect(await ask("localhost", "evil.example")).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
  expect((await ask("evil.example", "localhost")).status).toBe(403);
  expect((await ask("localhost", "localhost")).status).toBe(403);
  expect((await ask("")).status).toBe(403);
});
