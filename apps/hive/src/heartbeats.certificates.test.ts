import { readFileSync } from "node:fs";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { startHeartbeats } from "./heartbeats.ts";
import { EXPIRED_CA, type LogLine, QUEEN_CA, startQueenDouble } from "./testing.ts";

/** The first line of the log of an agent that trusts whoever signed the queen's certificate. */
function firstLine(queen: string, queenCa: string): Promise<LogLine> {
  return new Promise((resolve) => {
    const heartbeats = startHeartbeats({
      sources: [],
      queen,
      access: () => ({ token: undefined, queenCa }),
      hive: { id: "hive-7", host: "127.0.0.1", port: 8600 },
      intervalMs: 3_600_000,
      requestTimeoutMs: 20_000,
      log: pino({ base: null }, { write: (line: string) => resolve(JSON.parse(line)) }),
      now: Date.now,
      random: Math.random,
    });
    onTestFinished(() => heartbeats.stop());
  });
}

test.each([
  [
    "has expired",
    { certificate: EXPIRED_CA, host: "127.0.0.1" },
    /^certificate has expired: renew it where the queen runs, unless the clock of this host is wrong$/,
  ],
  [
    "is for another name",
    { certificate: QUEEN_CA, host: "127.0.0.2" },
    /altnames.*: HIVE_QUEEN has to name the queen as her certificate does$/,
  ],
])("of a certificate of the queen that %s it is said what to do", async (_what, double, reason) => {
  const queen = await startQueenDouble({ tls: true, ...double });
  const line = await firstLine(queen.url, readFileSync(double.certificate, "utf8"));
  expect(line).toMatchObject({ msg: "queen not reached", reason: expect.stringMatching(reason) });
});
