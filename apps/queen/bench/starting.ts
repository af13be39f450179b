import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { absolute, type Benchmark, compared, inTurn, type Server } from "@repo/bench";
import { beatingFleet, buildQueen, startBareFastify, startQueen } from "./servers.ts";

const HIVES = 1000;

export const starting: Benchmark = {
  name: "starting",
  async run({ folder, quick, progress }) {
    progress("queen from start to first answer, against a bare fastify");
    const path = join(folder, "starting.db");
    await beatingFleet(path, HIVES);
    const queen = await buildQueen(folder);
    const seen = await inTurn(
      { ours: () => firstAnswerMs(() => startQueen(queen, path)), theirs: () => firstAnswerMs(startBareFastify) },
      { rounds: quick ? 1 : 15, warmUp: quick ? 0 : 1 },
    );
    const what = `queen with ${HIVES} hives: from start to first answered request`;
    return [
      absolute({
        point: 7,
        what,
        meaning: "How long a restart is felt, of what `pnpm build` makes.",
        unit: "ms",
        limit: { atMost: 700 },
        ours: seen.ours,
      }),
      compared({
        point: 7,
        what: `${what}, against an empty service`,
        meaning: "The counterpart stands in a .ts file, which tsx runs; where both cores are busy, tsx suffers more.",
        unit: "ms",
        counterpart: "bare fastify",
        limit: { atMost: 0.6 },
        ...seen,
      }),
    ];
  },
};

async function firstAnswerMs(start: () => Promise<Server>): Promise<number> {
  const startedMs = performance.now();
  const server = await start();
  try {
    const response = await fetch(`http://127.0.0.1:${server.port}/health`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`/health answered ${response.status}`);
    return performance.now() - startedMs;
  } finally {
    await server.stop();
  }
}
