import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, ListenOptions } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startStub, written } from "../../test/stub-server.ts";
import { type AskOptions, createAsk, NoAnswer } from "./ask.ts";

function asking(base: URL | string, options: Partial<AskOptions> = {}) {
  const signal = new AbortController().signal;
  const paths = ["/a", "/slots?model=*&autoload=false"];
  return createAsk({
    base: new URL(base),
    paths,
    isConfigured: false,
    key: undefined,
    timeoutMs: 5000,
    signal,
    ...options,
  });
}

async function serve(listener: RequestListener, where: ListenOptions = { host: "127.0.0.1" }): Promise<URL> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, ...where }, resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

test("asks for what is listed, and for nothing else", async () => {
  const server = await startStub(written("GET /a", { ok: true }), written("GET /slots?model=a%2Fb&autoload=false", []));
  const ask = asking(server.url);
  expect(await ask("/a")).toMatchObject({ status: 200, json: { ok: true }, text: '{"ok":true}' });
  expect((await ask("/slots?model=a%2Fb&autoload=false")).json).toEqual([]);
  for (const path of [
    "/",
    "/health",
    "/a?x",
    "/slots",
    "/slots?model=a",
    "/slots?model=a&autoload=true",
    "/slots?model=a&b=c&autoload=false",
    "/a/../health",
  ]) {
    await expect(ask(path)).rejects.toThrow("is not among what may be asked for");
  }
});

test("asks this host and what was configured, and nobody else", async () => {
  for (const base of ["http://192.0.2.1:80", "http://example.com", "http://[2001:db8::1]"]) {
    expect(() => asking(base)).toThrow("is no address of this host");
    expect(() => asking(base, { isConfigured: true })).not.toThrow();
  }
});

test.each<[string, ListenOptions]>([
  ["every IPv4 address", { host: "0.0.0.0" }],
  ["every IPv6 address and no other", { host: "::", ipv6Only: true }],
])("asks this host where its server listens on %s", async (_where, where) => {
  const { port } = await serve((_request, response) => response.end("{}"), where);
  expect((await asking(`http://localhost:${port}`)("/a")).json).toEqual({});
});

test("asks a server on every IPv6 address, and no other one that has its port at IPv4", async () => {
  const { port } = await serve((_request, response) => response.end("[6]"), { host: "::", ipv6Only: true });
  await serve((_request, response) => response.end("[4]"), { host: "127.0.0.1", port: Number(port) });
  expect((await asking(`http://localhost:${port}`)("/a")).json).toEqual([6]);
});

test("asks below the path of a configured address, with its key", async () => {
  const server = await startStub(written("GET /llm/a", {}));
  await asking(new URL("/llm/", server.url), { key: "secret" })("/a");
  expect(server.authorizations).toEqual(["Bearer secret"]);
});

test("follows no redirect, so that its key goes nowhere else", async () => {
  const other = await startStub();
  const base = await serve((_request, response) => response.writeHead(307, { location: `${other.url}a` }).end());
  expect(await asking(base, { key: "secret" })("/a")).toMatchObject({ status: 307 });
  expect(other.requests).toEqual([]);
});

test("reads no more than 4 MiB", async () => {
  const base = await serve((_request, response) => response.end("x".repeat(2 ** 22 + 1)));
  await expect(asking(base)("/a")).rejects.toThrow(new NoAnswer("it answers with more than 4 MiB"));
  const endless = await serve((_request, response) => {
    const more = () => {
      while (response.socket?.writable && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  await expect(asking(endless)("/a")).rejects.toThrow(NoAnswer);
});

test("reads no half of a character, which many programs refuse together with all that stands beside it", async () => {
  const server = await startStub(written("GET /a", '{"data":["\\ud83d","\\ud83d\\ude00"]}'));
  expect((await asking(server.url)("/a")).json).toEqual({ data: ["\ufffd", "😀"] });
});

test("reads a few interim answers, and not many", async () => {
  const server = await serve((_request, response) => {
    for (let n = 0; n < 16; n++) response.writeEarlyHints({ link: "</a>" });
    response.end("{}");
  });
  expect((await asking(server)("/a")).json).toEqual({});
  const other = await serve((_request, response) => {
    const more = () => void (response.socket?.writable && response.writeEarlyHints({ link: "</a>" }, more));
    more();
  });
  await expect(asking(other)("/a")).rejects.toThrow("it answers with 1xx again and again");
});

test("waits no longer than it may, for the answer or for its end", async () => {
  const silent = await serve(() => undefined);
  await expect(asking(silent, { timeoutMs: 100 })("/a")).rejects.toThrow(new NoAnswer("it is too slow"));
  const slow = await serve((_request, response) => void response.write("{"));
  await expect(asking(slow, { timeoutMs: 100 })("/a")).rejects.toThrow(new NoAnswer("it is too slow"));
  const withoutLength = await serve((_request, response) => void response.socket?.write("HTTP/1.0 200 OK\r\n\r\n{}"));
  await expect(asking(withoutLength, { timeoutMs: 100 })("/a")).rejects.toThrow(new NoAnswer("it is too slow"));
});

test("ends with the reading that it is for", async () => {
  const reading = new AbortController();
  const silent = await serve(() => reading.abort());
  await expect(asking(silent, { signal: reading.signal })("/a")).rejects.toThrow(NoAnswer);
});

test("says why nothing answers", async () => {
  const server = await startStub();
  await server.close();
  await expect(asking(server.url)("/a")).rejects.toThrow(/ECONNREFUSED/);
  const breaking = await serve((_request, response) => {
    response.socket?.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
  });
  await expect(asking(breaking)("/a")).rejects.toThrow(new NoAnswer("its answer breaks off"));
  const upgrading = await serve((_request, response) => {
    response.socket?.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  });
  await expect(asking(upgrading)("/a")).rejects.toThrow(NoAnswer);
});
