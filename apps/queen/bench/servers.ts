import { mkdtemp } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { makeFleet, type Server, startServer } from "@repo/bench";
import { HiveCatalog, mintToken } from "@repo/hive-catalog";
import { buildDist } from "../../../scripts/build/dist.js";

const BARE_HTTP = fileURLToPath(new URL("./bare-http.ts", import.meta.url));
const ANSWERING_HIVES = fileURLToPath(new URL("./answering-hives.ts", import.meta.url));
/** Where a program stands that is run from its source. */
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

const PRINTED_PORT = /"port":(\d+)/;
const LISTENING = /"port":(\d+).*"msg":"queen listening"/;
/** As docs/operations.md starts her. */
const NODE_FLAGS = ["--max-semi-space-size=8"];
/** Longer than any run: the queen contacts hives in its first round only. */
const A_DAY_MS = 86_400_000;

/** The queen as operators run her: what `pnpm build` makes, in a folder of its own. */
export async function buildQueen(folder: string): Promise<string> {
  const dist = await mkdtemp(join(folder, "dist-"));
  await buildDist(dist);
  return join(dist, "queen.js");
}

/** Starts what `buildQueen` has made, on a database of its own. */
export async function startQueen(queen: string, database: string, longestLifeMs?: number): Promise<Server> {
  return startServer({
    ...(longestLifeMs !== undefined && { longestLifeMs }),
    command: process.execPath,
    args: [...NODE_FLAGS, queen, "--port", "0", "--database", database, "--health-interval-ms", String(A_DAY_MS)],
    env: { QUEEN_ALLOWED_HOSTS: "127.0.0.0/8,::1", QUEEN_STALE_AFTER_MS: String(A_DAY_MS) },
    ready: LISTENING,
  });
}

/** From its TypeScript, by the loader that most would take. */
export function startBareFastify(): Promise<Server> {
  const tsx = pathToFileURL(createRequire(FOLDER).resolve("tsx")).href;
  const args = ["--import", tsx, join(FOLDER, "bare-fastify.ts")];
  return startServer({ command: process.execPath, args, ready: PRINTED_PORT });
}

export function startBareHttp(): Promise<Server> {
  return startServer({ command: process.execPath, args: [BARE_HTTP], ready: PRINTED_PORT });
}

/**
 * Hives that answer. They stand for other machines, so they have a core only while the queen leaves one idle, where the system knows how to
 * (`chrt`, of Linux).
 */
export function startAnsweringHives(): Promise<Server> {
  const node = [process.execPath, ANSWERING_HIVES];
  const start = ([command = "", ...args]: string[]) => startServer({ command, args, ready: PRINTED_PORT });
  return start(["chrt", "--idle", "0", ...node]).catch(() => start(node));
}

/** The file of a fleet that beats now, on a loopback port where nothing answers. */
export async function beatingFleet(path: string, size: number): Promise<void> {
  await makeFleet(path, { size, devices: "kinds", nowMs: Date.now(), host: "127.0.0.1", port: 9 });
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
