// Stands in for a llama-server: run with that name as its first argument and with `--port`, it answers on loopback what a real one was recorded to.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const ANSWERS = ["llamacpp-props", "llamacpp-slots-idle"].map((name) =>
  JSON.parse(readFileSync(new URL(`./servers/${name}.json`, import.meta.url), "utf8")),
);

const server = createServer(({ method, url }, response) => {
  const answer = ANSWERS.find(({ request }) => request === `${method} ${url}`);
  response.writeHead(answer?.status ?? 404, answer?.headers).end(JSON.stringify(answer?.body ?? null));
});
server.listen(Number(process.argv[process.argv.indexOf("--port") + 1]), "127.0.0.1", () => {
  process.stdout.write(`${server.address().port}\n`);
});
