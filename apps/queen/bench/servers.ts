import { fileURLToPath } from "node:url";
import { fillFleet, migrateFleet, type Server, scriptArguments, startServer } from "@repo/bench";
import { HiveCatalog, mintToken } from "@repo/hive-catalog";

const QUEEN = fileURLToPath(new URL("../bin/queen.js", import.meta.url));
const BARE_FASTIFY = fileURLToPath(new URL("./bare-fastify.js", import.meta.url));
const BARE_HTTP = new URL("./bare-http.ts", import.meta.url);
const ANSWERING_HIVES = new URL("./answering-hives.ts", import.meta.url);

const PRINTED_PORT = /"port":(\d+)/;
const LISTENING = /"port":(\d+).*"msg":"queen listening"/;
/** Longer than any run: the queen contacts hives in its first round only. */
const A_DAY_MS = 86_400_000;

/** A queen as operators run it, on a database of its own. */
export function startQueen(database: string): Promise<Server> {
  return startServer({
    command: process.execPath,
    args: [QUEEN, "--port", "0", "--database", database, "--health-interval-ms", String(A_DAY_MS)],
    env: { QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1", QUEEN_STALE_AFTER_MS: String(A_DAY_MS) },
    ready: LISTENING,
  });
}

export function startBareFastify(): Promise<Server> {
  return startServer({ command: process.execPath, args: [BARE_FASTIFY], ready: PRINTED_PORT });
}

export function startBareHttp(): Promise<Server> {
  return startServer({ command: process.execPath, args: scriptArguments(BARE_HTTP), ready: PRINTED_PORT });
}

/**
 * Hives that answer. They stand for other machines, so they have a core only while the queen leaves one idle, where the system knows how to
 * (`chrt`, of Linux).
 */
export function startAnsweringHives(): Promise<Server> {
  const node = [process.execPath, ...scriptArguments(ANSWERING_HIVES)];
  const start = ([command = "", ...args]: string[]) => startServer({ command, args, ready: PRINTED_PORT });
  return start(["chrt", "--idle", "0", ...node]).catch(() => start(node));
}

/** The file of a fleet that beats now, on a loopback port where nothing answers. */
export async function beatingFleet(path: string, size: number): Promise<void> {
  await migrateFleet(path);
  await fillFleet(path, { size, devices: "kinds", nowMs: Date.now(), host: "127.0.0.1", port: 9 });
}

/** Locks the door of a fleet: an operator has a token, and each of these hives has its own, which is returned. */
export async function giveTokens(path: string, hiveIds: readonly string[]): Promise<string[]> {
  await using catalog = await HiveCatalog.open(path);
  const { token: _, ...operator } = mintToken();
  await catalog.tokens.add({ ...operator, name: "operator", role: "operator" });
  const tokens: string[] = [];
  for (const hiveId of hiveIds) {
    const { token, ...minted } = mintToken();
    await catalog.tokens.add({ ...minted, name: hiveId, role: "hive", hiveId });
    tokens.push(token);
  }
  return tokens;
}
