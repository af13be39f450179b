import { describe, expect, test } from "vitest";
import type { FakeProcess } from "../../test/fake-proc.ts";
import { find } from "../../test/find-servers.ts";

describe("in a container", () => {
  const INSIDE: FakeProcess = {
    pid: 20,
    commandLine: "python3 /usr/bin/vllm serve a",
    listens: ["0.0.0.0:8000"],
    container: ["172.17.0.2"],
    hidesSockets: true,
  };
  const proxy = (hostIp: string): FakeProcess => ({
    pid: 21,
    commandLine: `/usr/bin/docker-proxy -proto tcp -host-ip ${hostIp} -host-port 8100 -container-ip 172.17.0.2 -container-port 8000`,
    listens: [`${hostIp}:8100`],
  });

  test.each([
    ["0.0.0.0", "all"],
    ["127.0.0.1", "loopback"],
  ])("a server is asked at the port that docker-proxy publishes on %s", async (hostIp, reachable) => {
    const { places } = await find(INSIDE, proxy(hostIp));
    expect(places).toEqual([{ kind: "vllm", base: "http://127.0.0.1:8100", port: 8100, reachable }]);
  });

  test("of several published ports it is one that others reach", async () => {
    const more = { ...proxy("10.0.0.5"), pid: 22, commandLine: proxy("10.0.0.5").commandLine.replace("8100", "8200") };
    const { places } = await find(INSIDE, proxy("127.0.0.1"), more);
    expect(places).toMatchObject([{ port: 8200, reachable: "all" }]);
  });

  test("a server that nobody publishes is left out, with what to do", async () => {
    const why = "it is in a container, and no docker-proxy publishes its port 8000: name it with HIVE_WORKERS";
    expect(await find(INSIDE)).toEqual({ places: [], leftOut: [{ what: "vllm (pid 20)", why }] });
    const other = { ...INSIDE, container: ["172.17.0.3"] };
    expect((await find(other, proxy("0.0.0.0"))).places).toEqual([]);
  });

  test("a server that listens on loopback of its container is left out, with what to do", async () => {
    const why =
      "it listens on 127.0.0.1 of its container alone, where docker-proxy does not reach it: let it listen on 0.0.0.0";
    const { places, leftOut } = await find({ ...INSIDE, listens: ["127.0.0.1:8000"] }, proxy("0.0.0.0"));
    expect({ places, leftOut }).toEqual({ places: [], leftOut: [{ what: "vllm (pid 20)", why }] });
  });

  test("is taken for no other server that has its port on the host, whoever that belongs to", async () => {
    const root = { uid: 0, hidesSockets: true };
    const strange = { ...root, pid: 30, commandLine: "nginx", listens: ["0.0.0.0:8000"] };
    expect((await find({ ...INSIDE, ...root }, strange)).places).toEqual([]);
    const why = "it is in a container, and no docker-proxy publishes its port 8000: name it with HIVE_WORKERS";
    expect((await find({ ...INSIDE, ...root }, strange)).leftOut).toEqual([{ what: "vllm (pid 20)", why }]);
  });

  test("of two with the same port each is asked at its own", async () => {
    const root = { uid: 0, hidesSockets: true };
    const first = proxy("0.0.0.0").commandLine.replace("8100", "8000");
    const { places } = await find(
      { ...INSIDE, ...root },
      { ...INSIDE, ...root, pid: 24, container: ["172.17.0.3"] },
      { ...root, pid: 25, commandLine: proxy("0.0.0.0").commandLine, listens: ["0.0.0.0:8100"] },
      { ...root, pid: 26, commandLine: first.replace("172.17.0.2", "172.17.0.3"), listens: ["0.0.0.0:8000"] },
    );
    expect(places.map(({ base }) => base)).toEqual(["http://127.0.0.1:8100", "http://127.0.0.1:8000"]);
  });

  test("what a Docker inside a container publishes is not on this host", async () => {
    const inner = {
      pid: 19,
      commandLine: proxy("0.0.0.0").commandLine.replace("8100", "8000"),
      listens: ["0.0.0.0:8000"],
    };
    const { places } = await find(INSIDE, { ...inner, container: ["172.17.0.9"] }, proxy("0.0.0.0"));
    expect(places).toMatchObject([{ port: 8100 }]);
  });

  test("runners are not asked: their port here is another one", async () => {
    const { places } = await find(
      { ...INSIDE, commandLine: "ollama serve", listens: ["0.0.0.0:8000", "0.0.0.0:11434"] },
      { pid: 22, parent: 20, commandLine: "llama-server --port 40001" },
      { pid: 23, commandLine: "nginx", listens: ["127.0.0.1:40001"] },
      {
        ...proxy("0.0.0.0"),
        commandLine: proxy("0.0.0.0").commandLine.replace("container-port 8000", "container-port 11434"),
      },
    );
    expect(places).toMatchObject([{ port: 8100, runners: [[22, undefined]] }]);
  });
});
