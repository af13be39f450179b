import { once } from "node:events";
import { createServer, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { HiveCatalog, type OpenOptions } from "@repo/hive-catalog";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { startTestServer } from "@repo/libsql-test-server";
import { onTestFinished } from "vitest";

/** Whether a request of these statements, as they are before JSON escapes them, gets no answer, because its connection is cut `before` or `after` the server has done it, or hangs: then it `never` comes. */
type Cut = (statements: string) => "before" | "after" | "never" | undefined;

/** A catalog on a database server, over a real connection that can be cut. */
export async function startServerCatalog(options: OpenOptions = {}) {
  const folder = await temporaryFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const path = join(folder.path, "hives.db");
  // Migrated before: what a test lets a request take need not be enough for that.
  await (await HiveCatalog.open(path)).close();
  const server = await startTestServer({ path });
  onTestFinished(() => server.close());
  const connection = { cut: (() => undefined) as Cut, statements: [] as string[] };
  const proxy = createServer(async (request, response) => {
    const body = await buffer(request);
    const statements = body.toString().replaceAll("\\", "");
    connection.statements.push(statements);
    const cut = connection.cut(statements);
    if (cut === "never") return;
    if (cut === "before") return void response.destroy();
    const { method, url, headers } = request;
    const [answer] = (await once(
      send({ host: "127.0.0.1", port: server.port, method, path: url, headers }).end(body),
      "response",
    )) as [IncomingMessage];
    const text = await buffer(answer);
    if (cut === "after") response.destroy();
    else response.writeHead(answer.statusCode ?? 500, answer.headers).end(text);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const { port } = proxy.address() as AddressInfo;
  const catalog = await HiveCatalog.open(`http://127.0.0.1:${port}`, options);
  onTestFinished(() => catalog.close());
  return { catalog, connection, server };
}
