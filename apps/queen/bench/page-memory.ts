/**
 * Whether the page keeps its size beside a fleet in which much happens: what the view of the fleet and that of one hive hold, once a minute, for so
 * many minutes. By hand, in apps/queen (playwright cannot be bundled): `node -C source --import tsx bench/page-memory.ts 10`
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endChildren, hiveId } from "@repo/bench";
import type { Browser, CDPSession } from "playwright-core";
import { launchChromium } from "../test/browser/launch.ts";
import { aHeartbeat } from "./heartbeats.ts";
import { beatingFleet, buildQueen, startQueen } from "./servers.ts";

const HIVES = 10_000;
/** Of a fleet that is shown by its first hundred, and of the one hive that is shown alone. */
const VIEWS = { fleet: "/ui", hive: `/ui/hives/${hiveId(7)}` };
/** Of the changes: two hundred a second. Every twentieth is of a hive that is shown, and some of the one that is shown alone. */
const CHANGES_PER_TURN = 20;
const TURN_MS = 100;
const SHOWN = 100;
const WATCHED = 7;
const MINUTE_MS = 60_000;

let changes = 0;
let refused = 0;
const ended = new Set<string>();

const minutes = Number(process.argv[2] ?? 10);
const folder = await mkdtemp(join(tmpdir(), "page-memory-"));
let browser: Browser | undefined;
try {
  const database = join(folder, "hives.db");
  await beatingFleet(database, HIVES);
  const queen = await startQueen(await buildQueen(folder), database, 2 * minutes * MINUTE_MS);
  browser = await launchChromium();
  const origin = `http://127.0.0.1:${queen.port}`;
  const stopping = new AbortController();
  const changing = changeAlways(origin, stopping.signal);
  await look(origin, browser);
  stopping.abort();
  await changing;
} finally {
  await browser?.close();
  endChildren();
  rmSync(folder, { recursive: true, force: true });
}

async function look(origin: string, chromium: Browser): Promise<void> {
  const sessions: [name: string, session: CDPSession][] = [];
  for (const [name, path] of Object.entries(VIEWS)) {
    // In a context of its own, and so in a process of its own.
    const page = await (await chromium.newContext()).newPage();
    await page.goto(origin + path);
    await page.getByText(hiveId(WATCHED)).first().waitFor();
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    sessions.push([name, session]);
  }
  for (let minute = 0; minute <= minutes; minute++) {
    if (minute > 0) await delay(MINUTE_MS);
    for (const [name, session] of sessions) {
      const { heapMb, nodes, listeners } = await heldBy(session);
      console.log(`${minute} min, ${name}: ${heapMb.toFixed(2)} MB, ${nodes} nodes, ${listeners} listeners`);
    }
    console.log(`${changes} changes, ${refused} of them refused`);
  }
}

/** What is left after its garbage is taken away. */
async function heldBy(session: CDPSession) {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const figure = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heapMb: figure("JSHeapUsedSize") / 2 ** 20, nodes: figure("Nodes"), listeners: figure("JSEventListeners") };
}

async function changeAlways(origin: string, stop: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  for (let turn = 0; !stop.aborted; turn++) {
    const ids = Array.from({ length: CHANGES_PER_TURN }, (_, n) => hiveId(idOf(turn, n)));
    await Promise.all(ids.map((id, n) => change(origin, id, turn, n)));
    await delay(Math.max(0, startedMs + turn * TURN_MS - performance.now()));
  }
}

function idOf(turn: number, n: number): number {
  if (n === 0) return turn % SHOWN;
  if (n === 1 && turn % 10 < 2) return WATCHED;
  return (turn * CHANGES_PER_TURN + n) % HIVES;
}

/** A beat with other workers than before, or an end that the next beat undoes: both are events, with the row as it is then. */
async function change(origin: string, id: string, turn: number, n: number): Promise<void> {
  const isEnd = !ended.delete(id) && n % 2 === 0;
  if (isEnd) ended.add(id);
  const answer = await fetch(origin + (isEnd ? `/v1/hives/${id}` : "/v1/heartbeat"), {
    method: isEnd ? "PATCH" : "POST",
    headers: { "content-type": "application/json" },
    body: isEnd ? JSON.stringify({ status: "offline" }) : aHeartbeat(id, 1 + (turn % 4), 4),
    // The queen may close a connection just as it is used again.
  }).catch(() => undefined);
  await answer?.arrayBuffer();
  changes++;
  if (!answer?.ok) refused++;
}
