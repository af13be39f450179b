import { ADAPTERS } from "../src/workers/adapters.ts";
import { ServerFinder } from "../src/workers/find.ts";
import { type FakeProcess, fakeProc } from "./fake-proc.ts";

/** What is found, and left out, where these processes run. */
export async function find(...processes: FakeProcess[]) {
  const { found, leftOut } = await new ServerFinder(fakeProc(processes).proc, ADAPTERS).find();
  const places = found.map(({ kind, base, port, reachable, runners }) => ({
    kind,
    base: base?.origin,
    port,
    reachable,
    ...(runners.length > 0 && { runners: runners.map((one) => [one.process.pid, one.base?.origin]) }),
  }));
  return { places, leftOut };
}
