import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { startServer } from "../src/testing.ts";

/** What a page has, and a script in it finds: nothing of Node is among it. */
const { AbortController, AbortSignal, TextDecoder, URL, clearTimeout, fetch, performance, setTimeout } = globalThis;
const PAGE = { AbortController, AbortSignal, TextDecoder, URL, clearTimeout, fetch, performance, setTimeout };

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../src/index.ts", import.meta.url))],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    globalName: "client",
    target: "es2023",
  });
  return outputFiles.map(({ text }) => text).join("");
}

test("bundled for a browser, it reads answers, problems and events where there is nothing of Node", async () => {
  await using server = await startServer((request, response) => {
    if (request.url === "/v1/events") {
      response
        .writeHead(200, { "content-type": "text/event-stream" })
        .write('id: s-1\nevent: hello\ndata: {"start":"s"}\n\n');
    } else if (request.url === "/v1/counts") {
      response.writeHead(200, { "content-type": "application/json" }).end('{"hives":3}');
    } else {
      const problem = { code: "HIVE_NOT_FOUND", detail: "There is no hive", status: 404 };
      response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    }
  });
  const program = `${await bundle()};
    (async () => {
      const queen = new client.QueenClient({ url: ${JSON.stringify(server.origin)} });
      const counts = await queen.countHives();
      const problem = await queen.getHive("a").catch((error) => error);
      for await (const event of queen.readEvents()) {
        return JSON.stringify([counts, problem instanceof client.QueenProblem, problem.code, event]);
      }
    })()`;
  const said: unknown = await runInContext(program, createContext({ ...PAGE }));
  const event = { id: "s-1", type: "hello", data: { start: "s" } };
  expect(JSON.parse(String(said))).toEqual([{ hives: 3 }, true, "HIVE_NOT_FOUND", event]);
});
