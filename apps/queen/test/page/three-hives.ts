import type { Daemon } from "../daemon.ts";
import { postJson, queenProcesses } from "../queen-processes.ts";
import { beatJson, workerJson } from "../test-queen.ts";

export const beat = (origin: string, id: string) => postJson(`${origin}/v1/heartbeat`, beatJson(id, [workerJson()]));

/** Queens of the file that calls this, and what starts one with three hives, gpu-01 to gpu-03, of which the first is online. */
export function queensWithHives() {
  const queens = queenProcesses();
  async function startQueen(queen?: Daemon): Promise<string> {
    const origin = (await queen?.origin()) ?? (await queens.open()).url;
    for (const [index, id] of ["gpu-01", "gpu-02", "gpu-03"].entries()) {
      await postJson(`${origin}/v1/hives`, { id, host: "127.0.0.1", port: 1, labels: { rack: `r${index}` } });
    }
    await beat(origin, "gpu-01");
    return origin;
  }
  return { queens, startQueen };
}
