import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { backoffMs, type HeartbeatOptions, pauseMs, readAheadMs, startHeartbeats } from "./heartbeats.ts";
import type { QueenAccess } from "./queen-access.ts";
import { answerOk, answerProblem, eventually, type LogLine, QUEEN_CA, startQueenDouble } from "./testing.ts";

const SHORT_MS = 100;

type Access = Partial<Pick<HeartbeatOptions, "intervalMs" | "requestTimeoutMs" | "access" | "sources">>;

function beatTo(queen: string, { intervalMs = SHORT_MS, requestTimeoutMs = 20_000, ...access }: Access = {}) {
  const log: LogLine[] = [];
  const heartbeats = startHeartbeats({
    sources: [],
    ...access,
    queen,
    hive: { id: "hive-7", host: "127.0.0.1", port: 8600 },
    intervalMs,
    requestTimeoutMs,
    log: pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    now: () => Date.parse("2025-10-21T10:00:00Z"),
    random: () => 0.1,
  });
  onTestFinished(() => heartbeats.stop());
  const messages = () => log.map(({ msg }) => msg);
  const logged = (count: number) =>
    eventually(() => (log.length >= count ? log[count - 1] : undefined), `line ${count}`);
  return { heartbeats, messages, logged };
}

const accessOf = (access: Partial<QueenAccess>) => () => ({ token: undefined, queenCa: undefined, ...access });

const atLeast = (beats: unknown[], count: number) =>
  eventually(() => (beats.length >= count ? true : undefined), `${count} beats`);

test("beats at once, with the hive's clock and no workers", async () => {
  const queen = await startQueenDouble();
  beatTo(queen.url, { intervalMs: 3_600_000 });
  await atLeast(queen.beats, 1);
  expect(queen.beats).toEqual([{ hive_id: "hive-7", timestamp: "2025-10-21T10:00:00.000Z", workers: [] }]);
});

test("says what its sources know at that moment, and has them read anew before the next", async () => {
  const queen = await startQueenDouble();
  let read = 0;
  const counting = {
    latest: () => ({ workers: [{ worker_id: `reading-${read}` }], read_at: "then" }),
    refresh: () => {
      read += 1;
      return new Promise(() => undefined);
    },
  };
  beatTo(queen.url, { sources: [{ latest: () => ({ gpus: [], read_at: "earlier" }) }, counting] });
  await atLeast(queen.beats, 2);
  const beats = [0, 1].map((reading) => ({
    hive_id: "hive-7",
    timestamp: "2025-10-21T10:00:00.000Z",
    workers: [{ worker_id: `reading-${reading}` }],
    gpus: [],
    read_at: "then",
  }));
  expect(queen.beats.slice(0, 2)).toEqual(beats);
});

test("goes on beating, and says once that the queen is reached", async () => {
  const queen = await startQueenDouble();
  const { messages } = beatTo(queen.url);
  await atLeast(queen.beats, 4);
  expect(messages()).toEqual(["queen reached"]);
});

const PACE = { intervalMs: 15_000, tookMs: 1000, failures: 1, random: () => 0.5 };
const REFUSED = { state: "refused", reason: "", code: "CATALOG_BUSY" } as const;

test("waits as long as the queen asks for, within half and twice its own interval", async () => {
  const asked = (nextBeatMs: number | undefined) => pauseMs({ state: "reached", nextBeatMs }, PACE);
  expect([14_000, 7500, 30_000].map(asked)).toEqual([14_000, 7500, 30_000]);
  expect([0, -1, 31_000, 1e9].map(asked)).toEqual([7500, 7500, 30_000, 30_000]);
  expect(asked(undefined)).toBe(14_000);
});

test("what was refused is sent again no sooner than usual, and not before the queen wants it", () => {
  const after = (retryAfterMs: number | undefined) => pauseMs({ ...REFUSED, retryAfterMs }, PACE);
  expect([undefined, 0, 5_000, 60_000, 1e9].map(after)).toEqual([14_000, 14_000, 14_000, 60_000, 60_000]);
});

test("what is no queen is asked again at the usual time, however long it wants to be left alone", async () => {
  const other = await startQueenDouble();
  other.answerWith((response) => response.writeHead(429, { "retry-after": "9999999" }).end("slow down"));
  beatTo(other.url);
  await atLeast(other.beats, 3);
});

test("beats sooner or later as the queen asks for it", async () => {
  const [eager, patient] = [await startQueenDouble(), await startQueenDouble()];
  eager.answerWith((response) => answerOk(response, 1));
  patient.answerWith((response) => answerOk(response, 1_000_000));
  for (const { url } of [eager, patient]) beatTo(url, { intervalMs: 300 });
  await atLeast(patient.beats, 4);
  expect(eager.beats.length).toBeGreaterThan(patient.beats.length);
});

test("says once that the queen is lost, keeps trying, and says that it is back", async () => {
  const queen = await startQueenDouble();
  const { messages, logged } = beatTo(queen.url);
  await logged(1);
  queen.answerWith((response) => response.destroy());
  expect(await logged(2)).toMatchObject({ msg: "queen lost", reason: expect.any(String) });
  await atLeast(queen.beats, queen.beats.length + 2);
  queen.answerWith((response) => answerOk(response));
  await logged(3);
  expect(messages()).toEqual(["queen reached", "queen lost", "queen reached"]);
});

test("a queen that was never there is not reached, with the reason", async () => {
  const queen = await startQueenDouble();
  await queen.close();
  const { logged } = beatTo(queen.url);
  expect(await logged(1)).toMatchObject({ msg: "queen not reached", reason: expect.stringContaining("ECONNREFUSED") });
});

test("an answer of the queen that breaks off is said so", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => void response.socket?.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
  const { logged } = beatTo(queen.url);
  expect(await logged(1)).toMatchObject({ msg: "queen not reached", reason: "its answer breaks off" });
});

test("says once how to add a hive that the queen does not know, and beats on until it does", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => answerProblem(response, 404, "HIVE_NOT_FOUND"));
  const { messages, logged } = beatTo(queen.url);
  await atLeast(queen.beats, 3);
  queen.answerWith((response) => answerOk(response));
  await logged(2);
  const add = "`pnpm -s hivectl add hive-7 --host 127.0.0.1 --port 8600`";
  expect(messages()).toEqual([`this hive is not in the queen's catalog: add it with ${add}`, "queen reached"]);
});

test("says once what a queen that refuses the beat has answered, and again when that is something else", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => answerProblem(response, 503, "CATALOG_BUSY"));
  const { messages, logged } = beatTo(queen.url);
  await atLeast(queen.beats, 3);
  expect(await logged(1)).toMatchObject({ reason: expect.stringMatching(/^it answers 503 CATALOG_BUSY: [^{]+$/) });
  queen.answerWith((response) => answerProblem(response, 413, "PAYLOAD_TOO_LARGE"));
  expect(await logged(2)).toMatchObject({ reason: expect.stringMatching(/^it answers 413 PAYLOAD_TOO_LARGE: [^{]+$/) });
  expect(messages()).toEqual(Array(2).fill("queen refuses the heartbeat"));
});

test.each([
  ["a login page with 200", 200, "<html>Sign in"],
  ["another service's 404", 404, '{"error":"no route"}'],
  ["basic auth's 401", 401, "Unauthorized"],
  ["JSON of another kind", 200, '{"ok":true}'],
  ["a health page", 200, '{"status":"ok"}'],
])("%s is not the queen, and is said to be something else", async (_what, status, text) => {
  const other = await startQueenDouble();
  other.answerWith((response) => response.writeHead(status).end(text));
  const { logged } = beatTo(other.url);
  expect(await logged(1)).toMatchObject({
    level: 40,
    msg: expect.stringContaining("something else than a queen answers there"),
    reason: `it answers ${status}: ${text}`,
  });
});

test("says that the queen's port speaks HTTPS where the s is left out of HIVE_QUEEN", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => response.writeHead(400).end("This port speaks HTTPS: the URL begins with https://\n"));
  const { logged } = beatTo(queen.url);
  expect(await logged(1)).toMatchObject({
    level: 40,
    msg: expect.stringMatching(/^the queen's port speaks HTTPS: HIVE_QUEEN begins with https:\/\/, and HIVE_QUEEN_CA /),
  });
});

test("says once that the queen wants beats more often than it may send them", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => answerOk(response, 20));
  const { messages } = beatTo(queen.url);
  await atLeast(queen.beats, 3);
  expect(messages()).toEqual(["queen reached", expect.stringContaining("more often than HIVE_BEAT_INTERVAL_MS")]);
});

test("is not told that it is too slow when the queen wants a single beat sooner, to give it its turn", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => answerOk(response, queen.beats.length % 2 === 0 ? 50 : 20));
  const { messages } = beatTo(queen.url);
  await atLeast(queen.beats, 4);
  expect(messages()).toEqual(["queen reached"]);
});

test.each<[string, (response: ServerResponse) => void]>([
  ["that does not answer", () => {}],
  ["whose answer has no end", (response) => void response.socket?.write("HTTP/1.0 200 OK\r\n\r\n ")],
])("does not wait for ever for a queen %s", async (_what, answer) => {
  const queen = await startQueenDouble();
  queen.answerWith(answer);
  const { logged } = beatTo(queen.url, { requestTimeoutMs: 300 });
  expect(await logged(1)).toMatchObject({ msg: "queen not reached", reason: "it does not answer within 300 ms" });
  queen.answerWith((response) => answerOk(response));
  expect(await logged(2)).toMatchObject({ msg: "queen reached" });
});

test("cuts off an endless answer", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => {
    response.writeHead(200);
    const chunk = "x".repeat(65_536);
    const more = () => {
      while (response.socket?.writable && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  const { messages } = beatTo(queen.url, { intervalMs: 3_600_000 });
  await eventually(() => (messages().length > 0 ? true : undefined), "a log line");
  expect(messages()).toEqual([expect.stringContaining("something else than a queen answers there")]);
});

test("stop ends a beat that is under way, and no other follows", async () => {
  const queen = await startQueenDouble();
  queen.answerWith(() => {});
  const { heartbeats, messages } = beatTo(queen.url, { intervalMs: 3_600_000 });
  await atLeast(queen.beats, 1);
  await heartbeats.stop();
  expect(queen.beats).toHaveLength(1);
  expect(messages()).toEqual([]);
});

test("back-off draws from zero to a bound that doubles up to its cap", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 2_000].map((failures) => backoffMs(failures, 15_000, () => 1));
  expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  expect(backoffMs(4, 15_000, () => 0)).toBe(0);
  expect(backoffMs(4, 15_000, () => 0.25)).toBe(2_000);
  expect(backoffMs(1, 200, () => 1)).toBe(200);
});

test("all is read three seconds before a beat, and earlier where that took longer", () => {
  const ahead = [40, 4_000, 60_000].map((tookMs) => readAheadMs([{}, { tookMs }], 15_000));
  expect(ahead).toEqual([3_000, 6_000, 7_500]);
  expect(readAheadMs([{}], 200)).toBe(100);
});

test("shows its token with each beat, and none when it has none", async () => {
  const queen = await startQueenDouble();
  beatTo(queen.url, { access: accessOf({ token: "hq_1_secret" }) });
  await atLeast(queen.beats, 2);
  expect(new Set(queen.authorizations)).toEqual(new Set(["Bearer hq_1_secret"]));
  const open = await startQueenDouble();
  beatTo(open.url);
  await atLeast(open.beats, 1);
  expect(open.authorizations[0]).toBeUndefined();
});

test("says how to get a token when the queen wants one, and never says its own", async () => {
  const queen = await startQueenDouble();
  queen.answerWith((response) => answerProblem(response, 401, "UNAUTHENTICATED"));
  const { logged } = beatTo(queen.url, { access: accessOf({ token: "hq_1_secret" }) });
  const line = await logged(1);
  expect(line).toMatchObject({
    msg: expect.stringContaining("pnpm queen token create --name hive-7 --role hive --hive hive-7"),
    reason: expect.stringMatching(/^it answers 401 UNAUTHENTICATED: [^{]+$/),
  });
  expect(JSON.stringify(line)).not.toContain("secret");
});

test("takes its token to no other place that the queen names", async () => {
  const other = await startQueenDouble();
  const queen = await startQueenDouble();
  queen.answerWith((response) => response.writeHead(307, { location: `${other.url}/v1/heartbeat?key=secret` }).end());
  const { logged } = beatTo(queen.url, { access: accessOf({ token: "hq_1_secret" }) });
  expect(await logged(1)).toMatchObject({ reason: `it answers 307: it leads to ${other.url}/v1/heartbeat` });
  await atLeast(queen.beats, 2);
  expect(other.authorizations).toEqual([]);
});

test("beats over TLS to a queen whose certificate it was told to trust, and to no other", async () => {
  const queen = await startQueenDouble({ tls: true });
  const stranger = beatTo(queen.url, { access: accessOf({ token: "hq_1_secret" }) });
  expect(await stranger.logged(1)).toMatchObject({
    msg: "queen not reached",
    // Newer versions of Node add a word of their own.
    reason: expect.stringMatching(
      /^self-signed certificate.*: HIVE_QUEEN_CA names the file with the certificate of its authority$/,
    ),
  });
  expect(queen.authorizations).toEqual([]);
  const trusting = beatTo(queen.url, {
    access: accessOf({ token: "hq_1_secret", queenCa: readFileSync(QUEEN_CA, "utf8") }),
  });
  expect(await trusting.logged(1)).toMatchObject({ msg: "queen reached" });
});
