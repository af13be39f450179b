import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../../../test/until.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** A server that answers nothing by itself, and a connection on which `paths` were asked for in one go. */
async function ask(paths: string[]) {
  const running = new Map<string, ServerResponse>();
  const server = createServer(oneAtATime(({ url = "" }, response) => void running.set(url, response)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setEncoding("utf8");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let read = "";
  socket.on("data", (text: string) => {
    read += text;
  });
  socket.on("error", () => undefined);
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
  return { running, socket, read: () => read };
}

test("of the requests that one connection sends ahead, each begins when the answer before it has gone", async () => {
  const paths = Array.from({ length: 17 }, (_, n) => `/${n}`);
  const { running, read } = await ask(paths);
  for (const path of paths) {
    await until("it has begun", () => running.has(path));
    expect([...running.keys()]).toEqual(paths.slice(0, paths.indexOf(path) + 1));
    running.get(path)?.end(`answer ${path};`);
    await until("it is answered", () => read().includes(`answer ${path};`));
  }
});

test("a connection that sends more than 16 requests ahead is closed", async () => {
  const { running, socket } = await ask(Array.from({ length: 500 }, (_, n) => `/${n}`));
  await once(socket, "close");
  expect([...running.keys()]).toEqual(["/0"]);
});
