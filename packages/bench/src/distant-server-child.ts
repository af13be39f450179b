/** A libSQL server far away: everything takes its time to get there and back. Prints the port. */
import { startTestServer } from "@repo/libsql-test-server";
import { startSlowProxy } from "./harness/slow-proxy.ts";

const [path = "", delayMs = ""] = process.argv.slice(2);
const server = await startTestServer({ path });
const { port } = await startSlowProxy(server.port, Number(delayMs));
process.stdout.write(`${JSON.stringify({ port })}\n`);
