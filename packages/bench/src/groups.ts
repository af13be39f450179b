import { beatAt, hiveId } from "./harness/fleet.ts";
import { inTurn, MANY_ROUNDS, type Round } from "./harness/measure.ts";
import { type Benchmark, type BenchmarkContext, compared, type Result } from "./harness/result.ts";
import { openBoth } from "./single-calls.ts";

const POINT = 2;
const BEATS = 256;

export const groups: Benchmark = {
  name: "groups",
  async run(context) {
    return [...(await groupRows(context, 1000, 1 / 15)), ...(await groupRows(context, 10_000, 1 / 8))];
  },
};

async function groupRows(context: BenchmarkContext, hives: number, ofSingle: number): Promise<Result[]> {
  const { folder, quick, progress } = context;
  progress(`${BEATS} heartbeats at once, ${hives} hives`);
  const { catalog, byHand } = await openBoth(folder, `groups-${hives}`, { size: hives, devices: "kinds" });
  let beat = 0;
  /** Other hives in each round, spread over the file. */
  const idsOfRound = (round: number) =>
    Array.from({ length: BEATS }, (_, n) => hiveId(((round * BEATS + n) * 7919) % hives));
  const side = (work: (ids: string[], timestampMs: number) => unknown): Round => {
    let round = 0;
    return async () => {
      const ids = idsOfRound(round++);
      const timestampMs = beatAt + beat++;
      const startedMs = performance.now();
      await work(ids, timestampMs);
      return performance.now() - startedMs;
    };
  };
  const together = {
    ours: side((ids, ms) => Promise.all(ids.map((id) => catalog.updateHeartbeat(id, ms)))),
    inOne: side((ids, ms) => byHand.updateHeartbeats(ids, ms)),
  };
  const singly = side((ids, ms) => {
    for (const id of ids) byHand.updateHeartbeat(id, ms);
  });
  // What takes a tenth of the time is warm after ten times as many rounds.
  await inTurn(together, { rounds: 0, warmUp: 40 });
  const seen = await inTurn({ ...together, singly }, { rounds: quick ? 9 : MANY_ROUNDS, warmUp: 4 });
  byHand.close();
  await catalog.close();
  return [
    compared({
      point: POINT,
      what: `${BEATS} heartbeats at once, ${hives} hives, against as many single commits`,
      meaning: "What group commit is for: a whole fleet's beats for a fraction of one commit each.",
      unit: "ms",
      ours: seen.ours,
      counterpart: "libsql by hand, one commit each",
      theirs: seen.singly,
      limit: { atMost: ofSingle },
    }),
    compared({
      point: POINT,
      what: `${BEATS} heartbeats at once, ${hives} hives, against one transaction`,
      meaning: "The same beats as a programmer would write them who has them all in hand: one lock, one commit.",
      unit: "ms",
      ours: seen.ours,
      counterpart: "libsql by hand, BEGIN IMMEDIATE … COMMIT",
      theirs: seen.inOne,
      limit: { atMost: 1.5 },
    }),
  ];
}
