import * as fc from "fast-check";
import type { Call } from "./calls.ts";
import { hiveChanges, hiveReads } from "./hive-calls.ts";
import { hiveComesAndGoes, tableCalls } from "./table-calls.ts";

type Side = "here" | "there";
/** One step of a run. `advanceMs` moves the wall clock first, back too. */
export type Step =
  | { kind: "call"; side: Side; call: Call; advanceMs: number }
  | { kind: "reopen"; side: Side }
  /** The other process is killed after it answered `answers` of these calls, while it works on the rest. */
  | { kind: "kill"; calls: Call[]; answers: number };

const DAY_MS = 86_400_000;

const side = fc.constantFrom<Side>("here", "there");
/** Forward as a rule; at times a jump, there and home again. */
const advanceMs = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(0, 15_000, 30_000, 60_000) },
  { weight: 1, arbitrary: fc.constantFrom(-3_600_000, DAY_MS, -DAY_MS) },
);

type Mix = { changes: fc.Arbitrary<Call>[]; reads: fc.Arbitrary<Call>[] };

function stepsOf({ changes, reads }: Mix): fc.Arbitrary<Step[]> {
  const call = fc.oneof(...changes, ...reads);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 120, arbitrary: fc.record({ kind: fc.constant("call" as const), side, call, advanceMs }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("reopen" as const), side }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("kill" as const),
        calls: fc.array(fc.oneof(...changes), { minLength: 1, maxLength: 6 }),
        answers: fc.nat(4),
      }),
    },
  );
  return fc.array(step, { minLength: 1, maxLength: 30, size: "max" });
}

const { cordons, tokens, operations, hostKeys } = tableCalls;
const hives: Mix = { changes: hiveChanges, reads: hiveReads };
const everything = [hives, cordons, tokens, operations, hostKeys].reduce((left, right) => ({
  changes: [...left.changes, ...right.changes],
  reads: [...left.reads, ...right.reads],
}));
const withHives = ({ changes, reads }: Mix): Mix => ({ changes: [...changes, ...changes, ...hiveComesAndGoes], reads });

/** Most runs keep to one table: a few calls of one kind find more than one of each kind. */
export const steps = fc.oneof(
  { weight: 3, arbitrary: stepsOf(hives) },
  { weight: 1, arbitrary: stepsOf(everything) },
  { weight: 3, arbitrary: stepsOf(withHives(cordons)) },
  { weight: 3, arbitrary: stepsOf(withHives(tokens)) },
  { weight: 3, arbitrary: stepsOf(withHives(operations)) },
  { weight: 1, arbitrary: stepsOf(hostKeys) },
);
