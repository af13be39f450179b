/** The least that a TypeScript service on this framework can be: what the start of the queen is compared with. */
import Fastify from "fastify";

const app = Fastify();
app.get("/health", () => ({ status: "ok" }));
await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : undefined })}\n`);
