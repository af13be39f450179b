import * as fc from "fast-check";
import { OPERATION_KINDS, OPERATION_STATES } from "../../src/model/operation.ts";
import type { Call } from "./calls.ts";
import { call, page, START_MS, timeMs } from "./hive-calls.ts";

export const TOKEN_IDS = ["t1", "t2", "t3"];

/** Mostly the same one: what is done to one hive is what can go wrong. */
const hiveId = mostly(fc.constantFrom("a", "a", "a", "b", "c"), "no id");
const limit = fc.integer({ min: 1, max: 3 });
/** At times that the clock of a run comes to. */
const untilMs = fc.integer({ min: -2, max: 12 }).map((steps) => START_MS + 30_000 * steps);
const reason = mostly(fc.constantFrom("fans", "new disk – 'loud'"), "two\nlines");

const tokenId = mostly(fc.constantFrom("t1", ...TOKEN_IDS), "no id");
const hash = fc.constantFrom("0123456789abcdef".repeat(4), "f".repeat(64));
const free = fc.record({ role: fc.constantFrom("operator", "reader") });
const owned = fc.record({ role: fc.constant("hive"), hiveId });
const token = fc
  .record({
    id: tokenId,
    name: mostly(fc.constant("Ops"), ""),
    hash,
    owner: fc.oneof(free, mostly(owned, { role: "hive" }), mostly(owned, { role: "reader", hiveId: "a" })),
    times: fc.record(
      { createdAtMs: timeMs, revokedAtMs: fc.option(timeMs, { freq: 2 }), expiresAtMs: fc.option(timeMs) },
      { requiredKeys: [] },
    ),
  })
  .map(({ owner, times, ...rest }) => ({ ...rest, ...owner, ...times }));

const operationId = mostly(fc.constantFrom("o1", "o1", "o1", "o2", "o3", "o4"), "no id");
const operation = fc.record({
  id: operationId,
  hiveId,
  kind: fc.constantFrom(...OPERATION_KINDS),
  owner: mostly(fc.constant("queen-1"), ""),
  deadlineMs: timeMs,
});
const operationStep = fc.record({
  name: fc.constantFrom("copy", "start"),
  state: fc.constantFrom("running", "done", "failed", "skipped"),
  startedAtMs: timeMs,
  endedAtMs: fc.option(timeMs),
  detail: fc.option(fc.constant("4 MB\nok")),
});
const progress = fc.record({
  steps: fc.array(operationStep, { maxLength: 2 }),
  outputTail: fc.constantFrom("", "'😀'"),
});
/** One of the states is none to end in. */
const end = fc.record(
  { state: fc.constantFrom(...OPERATION_STATES), problem: fc.option(fc.constant("no route")) },
  { requiredKeys: ["state"] },
);
const operationPage = fc.record({ hiveId, after: operationId, limit }, { requiredKeys: [] });

const address = [
  mostly(fc.constantFrom("gpu.example", "GPU.Example", "::1"), "-x"),
  mostly(fc.constantFrom(22, 23), 0),
] as const;
const hostKey = fc
  .record({
    address: fc.tuple(...address),
    keyType: mostly(fc.constantFrom("ssh-ed25519", "ssh-rsa"), "-o"),
    publicKey: fc.constantFrom("AAAAC3Nz", "AAAAB3Nz"),
    times: fc.record({ pinnedAtMs: timeMs }, { requiredKeys: [] }),
  })
  .map(({ address: [host, port], times, ...key }) => ({ host, port, ...key, ...times }));

type TableCalls = { changes: fc.Arbitrary<Call>[]; reads: fc.Arbitrary<Call>[] };

/** The calls of each table beside the hives. */
export const tableCalls: Record<"cordons" | "tokens" | "operations" | "hostKeys", TableCalls> = {
  cordons: {
    changes: [
      call(
        "cordons.set",
        hiveId,
        fc.record({ reason, untilMs: fc.option(untilMs), createdAtMs: timeMs }, { requiredKeys: ["reason"] }),
      ),
      call("cordons.lift", hiveId),
    ],
    reads: [call("cordons.get", hiveId), call("cordons.list", page)],
  },
  tokens: {
    changes: [call("tokens.add", token), call("tokens.revoke", tokenId), call("tokens.removeEnded", fc.nat(120_000))],
    reads: [call("tokens.get", tokenId), call("tokens.list"), call("tokens.count")],
  },
  operations: {
    changes: [
      call("operations.begin", operation),
      call("operations.save", operationId, progress),
      call("operations.finish", operationId, end),
    ],
    reads: [call("operations.get", operationId), call("operations.list", operationPage), call("operations.unfinished")],
  },
  hostKeys: {
    changes: [call("hostKeys.pin", hostKey), call("hostKeys.remove", ...address)],
    reads: [call("hostKeys.find", ...address), call("hostKeys.list")],
  },
};

/** What else changes the tables of a hive. */
export const hiveComesAndGoes = [
  call("addHive", fc.record({ id: hiveId, host: fc.constant("127.0.0.1"), port: fc.constant(1) })),
  call("removeHive", hiveId),
];

/** At times a value that is refused. */
function mostly<Value, Refused>(arbitrary: fc.Arbitrary<Value>, refused: Refused): fc.Arbitrary<Value | Refused> {
  return fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: fc.constant(refused) });
}
