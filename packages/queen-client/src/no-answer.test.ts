import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { mayPass } from "./errors.ts";
import { json, startClient } from "./testing.ts";

test.each([
  ["a page of a proxy", (_, response) => void response.writeHead(502, { "content-type": "text/html" }).end("<html>")],
  ["text with 200", (_, response) => void response.end("hello")],
  ["JSON of another server", json({ error: "no such path" }, 404)],
  ["a problem of another server", json({ title: "no" }, 400, { "content-type": "application/problem+json" })],
  ["nothing with 200", (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end()],
  ["a page to log in to a proxy", (_, response) => void response.setHeader("content-type", "text/html").end("<html>")],
  ["JSON that was cut off", (_, response) => void response.setHeader("content-type", "application/json").end('{"tot')],
] satisfies [string, RequestListener][])("%s is no queen's answer", async (_name, answer) => {
  await using server = await startClient(answer);
  const noQueen = { name: "QueenNoAnswer", reason: "not_a_queen" };
  await expect(server.client.countHives()).rejects.toMatchObject(noQueen);
  await expect(server.client.addHive({ id: "a", host: "h", port: 1 })).rejects.toMatchObject(noQueen);
  await expect(server.client.removeHive("a")).rejects.toMatchObject(noQueen);
});

test("what may go well a little later is told from what never will", async () => {
  const statuses = [400, 401, 404, 408, 429, 500, 502];
  const passing = statuses.map(async (status) => {
    await using server = await startClient((_, response) => void response.writeHead(status).end());
    return mayPass(await server.client.countHives().catch((error) => error));
  });
  expect(await Promise.all(passing)).toEqual([false, false, false, true, true, true, true]);
  expect(mayPass(new TypeError("no"))).toBe(false);
});

test("nothing with 204 is an answer to what deletes alone", async () => {
  await using server = await startClient((_, response) => void response.writeHead(204).end());
  await expect(server.client.removeHive("a")).resolves.toBeUndefined();
  await expect(server.client.countHives()).rejects.toMatchObject({ reason: "not_a_queen", status: 204 });
});

test("what the port of HTTPS says to whoever leaves out the s, or a proxy in plain text, is told", async () => {
  const text = (said: string): RequestListener => {
    return (_, response) => void response.writeHead(400, { "content-type": "text/plain; charset=utf-8" }).end(said);
  };
  for (const [said, told] of [
    ["This port speaks HTTPS: the URL begins with https://\n", "This port speaks HTTPS: the URL begins with https://"],
    [`${"x".repeat(500)}\nmore`, "x".repeat(200)],
  ] as const) {
    await using server = await startClient(text(said));
    await expect(server.client.countHives()).rejects.toMatchObject({
      reason: "not_a_queen",
      message: `no answer of a queen came, but HTTP 400: ${told}`,
    });
  }
});

test("what answers events with something else is no queen", async () => {
  await using server = await startClient(json({}));
  await expect(server.client.readEvents().next()).rejects.toMatchObject({ reason: "not_a_queen", status: 200 });
});

test("nobody there, a connection that breaks and a redirect are no answer", async () => {
  const unreachable = { name: "QueenNoAnswer", reason: "unreachable" };
  const gone = await startClient(json({}));
  await gone[Symbol.asyncDispose]();
  await expect(gone.client.countHives()).rejects.toMatchObject({
    ...unreachable,
    message: `${gone.origin} cannot be reached: connect ECONNREFUSED ${gone.origin.slice("http://".length)}`,
  });
  await using broken = await startClient((_, response) => {
    response.writeHead(200, { "content-length": "10" }).write("{", () => response.destroy());
  });
  await expect(broken.client.countHives()).rejects.toMatchObject(unreachable);
  await using elsewhere = await startClient((_, response) => void response.writeHead(307, { location: "/" }).end());
  await expect(elsewhere.client.countHives()).rejects.toMatchObject(unreachable);
  expect(elsewhere.requests.length).toBe(1);
});

test.each([
  ["what only reads is asked once more", 1, "countHives", { total: 3 }],
  ["what only reads is not asked a third time", 2, "countHives", undefined],
  ["a change is not asked again", 1, "confirmMassFailure", undefined],
] as const)(
  "of a connection that ends before an answer, as a kept one does now and then: %s",
  async (_what, endings, verb, answer) => {
    let left: number = endings;
    await using server = await startClient((request, response) => {
      if (left-- > 0) request.socket.destroy();
      else json({ total: 3 })(request, response);
    });
    const asked = server.client[verb]();
    if (answer === undefined) await expect(asked).rejects.toMatchObject({ reason: "unreachable" });
    else await expect(asked).resolves.toEqual(answer);
    expect(server.requests.length).toBe(verb === "countHives" ? 2 : 1);
  },
);
