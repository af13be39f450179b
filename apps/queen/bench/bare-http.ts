/** The least that a server can do with a heartbeat: parse it, store nothing, answer what the queen answers. */
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const beat = JSON.parse(Buffer.concat(chunks).toString("utf8")) as { hive_id: string };
    const body = JSON.stringify({ status: "ok", message: `Heartbeat received from ${beat.hive_id}` });
    response.writeHead(200, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : undefined })}\n`);
});
