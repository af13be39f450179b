import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { fakeProc } from "../../test/fake-proc.ts";
import { ADAPTERS } from "./adapters.ts";
import { ServerFinder } from "./find.ts";
import { listenersOf } from "./listeners.ts";
import { withoutStartedByNamed } from "./target.ts";

test("what a server has started is left out where that is named by any address of this host, and not where another host's is named", async () => {
  const swap = { pid: 9, parent: 0, commandLine: "llama-swap", listens: ["0.0.0.0:8080"] };
  const child = { pid: 10, parent: 9, commandLine: "llama-server --port 8081", listens: ["127.0.0.1:8081"] };
  const { proc } = fakeProc([swap, child]);
  const finding = await new ServerFinder(proc, ADAPTERS).find();
  const listeners = await listenersOf(proc);
  const portsBeside = (host: string) => {
    const named = [{ kind: undefined, base: new URL(`http://${host}:8080`) }];
    return withoutStartedByNamed(finding, named, listeners, proc).map(({ port }) => port);
  };
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const own = all.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  for (const host of ["localhost", ...own]) expect(portsBeside(host)).toEqual([]);
  expect(portsBeside("198.51.100.7")).toEqual([8081]);
});
