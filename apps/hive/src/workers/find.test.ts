import { describe, expect, test } from "vitest";
import { fakeProc } from "../../test/fake-proc.ts";
import { find } from "../../test/find-servers.ts";
import { ADAPTERS } from "./adapters.ts";
import { ServerFinder } from "./find.ts";
import { Proc } from "./proc.ts";

const LLAMA = { pid: 10, commandLine: "/opt/llama.cpp/llama-server -m a.gguf --port 8081" };

describe("by its process", () => {
  test.each<[string, string, string, number]>([
    ["Ollama", "/usr/local/bin/ollama serve", "ollama", 11_434],
    ["Ollama by its other word", "ollama start", "ollama", 11_434],
    ["llama.cpp", "llama-server -m a.gguf", "llamacpp", 8080],
    ["llama.cpp in one program", "/usr/bin/llama serve", "llamacpp", 8080],
    ["llama.cpp in one program by its other word", "llama server -m a.gguf", "llamacpp", 8080],
    ["llama.cpp on a Unix socket, too", "llama-server --host 0.0.0.0,/run/a.sock -m a.gguf", "llamacpp", 8080],
    ["vLLM as a command", "/venv/bin/python3 /venv/bin/vllm serve Qwen/Qwen3-8B", "vllm", 8000],
    [
      "vLLM as NixOS wraps it",
      "/nix/store/1-python3/bin/python3.13 /nix/store/2-vllm/bin/.vllm-wrapped serve a",
      "vllm",
      8000,
    ],
    ["vLLM as a module", "python3.12 -u -m vllm.entrypoints.openai.api_server --model a", "vllm", 8000],
    ["vLLM as its newer module", "python3 -m vllm.entrypoints.launchers.api_server.entry --model a", "vllm", 8000],
    ["vLLM's command as a module", "python3.13t -um vllm.entrypoints.cli.main serve a", "vllm", 8000],
    ["vLLM without Python before its engine", "/venv/lib/vllm/vllm-rs serve a", "vllm", 8000],
    ["SGLang as a module", "python -X dev -m sglang.launch_server --model-path a", "sglang", 30_000],
    ["SGLang as a command", "/venv/bin/python /venv/bin/sglang serve a", "sglang", 30_000],
  ])("%s is found at its default port", async (_what, commandLine, kind, port) => {
    const { places } = await find({ pid: 10, commandLine, listens: [`0.0.0.0:${port}`] });
    expect(places).toEqual([{ kind, base: `http://127.0.0.1:${port}`, port, reachable: "all" }]);
  });

  test.each([
    "ollama run llama3",
    "bash -c llama-server --port 8080",
    "ssh host vllm serve a",
    "VLLM::EngineCore",
    "vim llama-server.cpp",
    "llama cli -m a.gguf",
    "python3 -m vllm.entrypoints.cli.main bench",
    "",
  ])("%j is no server", async (commandLine) => {
    expect(await find({ pid: 10, commandLine, listens: ["0.0.0.0:8080"] })).toEqual({ places: [], leftOut: [] });
  });

  test("where the processes of others are hidden it is said that servers may be among them", async () => {
    const hidden = fakeProc([LLAMA]);
    hidden.hideInit();
    const { found, leftOut } = await new ServerFinder(hidden.proc, ADAPTERS).find();
    expect(found).toHaveLength(1);
    const why = "/proc shows no process of others (hidepid): name it with HIVE_WORKERS";
    expect(leftOut).toEqual([{ what: "each server of another user", why }]);
  });

  test("where there is no /proc, as on macOS, nothing is found, nor said to be hidden in it", async () => {
    const finder = new ServerFinder(new Proc("/nowhere/proc"), ADAPTERS);
    expect(await finder.find()).toMatchObject({ found: [], leftOut: [] });
  });

  test("one that has ended, and is not collected, is no server", async () => {
    expect((await find({ ...LLAMA, state: "Z" })).places).toEqual([]);
  });
});

describe("where it listens", () => {
  test("its own sockets say it, whatever its command line does", async () => {
    const { places } = await find({ ...LLAMA, listens: ["127.0.0.1:9999"] });
    expect(places).toEqual([{ kind: "llamacpp", base: "http://127.0.0.1:9999", port: 9999, reachable: "loopback" }]);
  });

  test("of several sockets it is the one with the port that it was told", async () => {
    const commandLine = "vllm serve a --port=8005";
    const { places } = await find({
      pid: 10,
      commandLine,
      listens: ["0.0.0.0:5555", "0.0.0.0:8005", "127.0.0.1:6000"],
    });
    expect(places).toMatchObject([{ port: 8005, reachable: "all" }]);
  });

  test("of a flag that is given twice the last one counts", async () => {
    const { places } = await find({
      pid: 10,
      commandLine: "vllm serve a --port 8000 --port 8005",
      listens: ["[::]:8005"],
    });
    expect(places).toMatchObject([{ port: 8005, base: "http://localhost:8005" }]);
  });

  test("of vLLM and SGLang, which open ports for themselves, it is none but the one that they were told", async () => {
    const { places } = await find(
      { pid: 10, commandLine: "vllm serve a", listens: ["0.0.0.0:5555"] },
      { pid: 11, commandLine: "python -m sglang.launch_server", listens: ["0.0.0.0:5556"] },
    );
    expect(places.map(({ port, base }) => [port, base])).toEqual([
      [8000, undefined],
      [30_000, undefined],
    ]);
  });

  test.each([
    ["vllm serve --config c.yaml", "a file"],
    ["vllm serve a --port 0", "the system"],
    ["python -m sglang.launch_server --config c.yaml", "a file"],
  ])("of %j, whose port %s says, its only socket says it, and none of several does", async (commandLine) => {
    const base = async (...listens: string[]) => (await find({ pid: 10, commandLine, listens })).places[0]?.base;
    expect(await base("127.0.0.1:8005")).toBe("http://127.0.0.1:8005");
    expect(await base("127.0.0.1:8005", "0.0.0.0:5555")).toBeUndefined();
  });

  test("a port in the command line counts, whatever a file says", async () => {
    const commandLine = "vllm serve --config c.yaml --port 8000";
    const { places } = await find({ pid: 10, commandLine, listens: ["0.0.0.0:5555"] });
    expect(places).toMatchObject([{ port: 8000, base: undefined }]);
  });

  test("what it started may listen for it, at the port that it was told, and no stranger", async () => {
    const server = { pid: 10, commandLine: "python -m sglang.launch_server", listens: ["127.0.0.1:6000"] };
    const listens = ["0.0.0.0:5555", "127.0.0.1:30000"];
    const { places } = await find(server, { pid: 11, parent: 10, commandLine: "sglang::scheduler", listens });
    expect(places).toMatchObject([{ kind: "sglang", base: "http://127.0.0.1:30000", reachable: "loopback" }]);
    const stranger = await find(server, { pid: 11, commandLine: "python -m http.server", listens });
    expect(stranger.places).toMatchObject([{ port: 30_000, base: undefined }]);
  });

  test.each([true, "targets"] as const)(
    "where its sockets are hidden (%s), a listener of its user with its port says it, and none of another user",
    async (hidesSockets) => {
      const other = { pid: 11, uid: 7, commandLine: "nginx", listens: ["0.0.0.0:8081"] };
      const own = { ...LLAMA, hidesSockets, listens: ["127.0.0.1:8081"] };
      expect((await find(other, own)).places).toMatchObject([{ port: 8081, reachable: "loopback" }]);
      expect((await find(other, { ...LLAMA, hidesSockets })).places).toMatchObject([{ port: 8081, base: undefined }]);
    },
  );

  test("variables name the port of Ollama and llama.cpp", async () => {
    const { places } = await find(
      { pid: 10, commandLine: "ollama serve", environment: { OLLAMA_HOST: "0.0.0.0:11500" }, listens: ["[::]:11500"] },
      { pid: 11, commandLine: "llama-server", environment: { LLAMA_ARG_PORT: "8090" } },
    );
    expect(places.map(({ port, base }) => [port, base])).toEqual([
      [11_500, "http://localhost:11500"],
      [8090, undefined],
    ]);
  });

  test.each([
    ["0.0.0.0:8081", "http://127.0.0.1:8081", "all"],
    ["[::]:8081", "http://localhost:8081", "all"],
    ["10.0.0.5:8081", "http://10.0.0.5:8081", "all"],
    ["127.0.0.1:8081", "http://127.0.0.1:8081", "loopback"],
    ["[::1]:8081", "http://[::1]:8081", "loopback"],
    ["[::ffff:127.0.0.1]:8081", "http://127.0.0.1:8081", "loopback"],
    ["[fd00::12]:8081", "http://[fd00::12]:8081", "all"],
  ])("%s is asked at %s and reached by %s", async (address, base, reachable) => {
    expect((await find({ ...LLAMA, listens: [address] })).places).toMatchObject([{ base, reachable }]);
  });

  test("of two addresses it is the one that most can reach", async () => {
    const { places } = await find({ ...LLAMA, listens: ["[::1]:8081", "0.0.0.0:8081"] });
    expect(places).toMatchObject([{ base: "http://127.0.0.1:8081", reachable: "all" }]);
  });

  test("of several servers with one port it is the one that most can reach, and none that does not listen", async () => {
    const { places, leftOut } = await find(
      { pid: 10, uid: 7, commandLine: "vllm serve a" },
      { pid: 11, commandLine: "vllm serve b", listens: ["127.0.0.1:8000"] },
      { pid: 12, commandLine: "vllm serve c", listens: ["10.0.0.5:8000"] },
    );
    expect(places).toMatchObject([{ base: "http://10.0.0.5:8000" }]);
    expect(leftOut).toEqual(
      [10, 11].map((pid) => ({
        what: `vllm (pid ${pid})`,
        why: "another server has port 8000: name it with HIVE_WORKERS if it is elsewhere",
      })),
    );
  });

  test("one that does not listen yet is told with the port that it will have", async () => {
    expect((await find(LLAMA)).places).toEqual([
      { kind: "llamacpp", base: undefined, port: 8081, reachable: undefined },
    ]);
    const { leftOut } = await find({ ...LLAMA, commandLine: "llama-server --port 0" });
    expect(leftOut).toEqual([
      { what: "llamacpp (pid 10)", why: "it does not listen yet, on a port that the system will choose" },
    ]);
  });
});

test("one that does not listen half an hour after its start is not taken for one that loads", async () => {
  const found = async (startTime: number) => {
    const host = fakeProc([{ ...LLAMA, startTime }], 2000);
    return new ServerFinder(host.proc, ADAPTERS).find();
  };
  expect((await found(21_000)).found).toMatchObject([{ base: undefined }]);
  const late = await found(19_000);
  const why =
    "it does not listen on port 8081, 30 minutes after its start: name it with HIVE_WORKERS if it is elsewhere";
  expect([late.found, late.leftOut]).toEqual([[], [{ what: "llamacpp (pid 10)", why }]]);
});

test("is looked for while it does not listen, and anew when it does not answer", async () => {
  const { proc, write } = fakeProc([LLAMA]);
  const finder = new ServerFinder(proc, ADAPTERS);
  const portOf = async () => (await finder.find()).found[0]?.base?.port;
  expect(await portOf()).toBeUndefined();
  write([{ ...LLAMA, listens: ["127.0.0.1:8081"] }]);
  expect(await portOf()).toBe("8081");
  write([{ ...LLAMA, listens: ["127.0.0.1:9999"] }]);
  expect(await portOf()).toBe("8081");
  finder.forget("10@100");
  expect(await portOf()).toBe("9999");
});

describe("what a server started", () => {
  test("is its runner, and no server of its own", async () => {
    const { places } = await find(
      { pid: 10, commandLine: "ollama serve", listens: ["127.0.0.1:11434"] },
      { pid: 11, parent: 10, commandLine: "sh -c runner" },
      { pid: 12, parent: 11, commandLine: "/usr/lib/ollama/llama-server --port 40001", listens: ["127.0.0.1:40001"] },
      { pid: 13, parent: 10, commandLine: "ollama runner --port 40002", listens: ["127.0.0.1:40002"] },
      { pid: 14, parent: 10, commandLine: "/usr/lib/ollama/llama-server --port 40003" },
    );
    const runners = [
      [12, "http://127.0.0.1:40001"],
      [13, "http://127.0.0.1:40002"],
      [14, undefined],
    ];
    expect(places).toEqual([
      { kind: "ollama", base: "http://127.0.0.1:11434", port: 11_434, reachable: "loopback", runners },
    ]);
  });

  test("serves none of the other servers", async () => {
    const { places } = await find(
      { pid: 10, commandLine: "ollama serve", listens: ["127.0.0.1:11434"] },
      { pid: 11, parent: 10, commandLine: "ollama runner --port 40001", listens: ["127.0.0.1:40001"] },
      { pid: 20, commandLine: "ollama serve", listens: ["127.0.0.1:11500"] },
      { pid: 21, parent: 20, commandLine: "ollama runner --port 40002", listens: ["127.0.0.1:40002"] },
    );
    expect(places).toMatchObject([
      { port: 11_434, runners: [[11, "http://127.0.0.1:40001"]] },
      { port: 11_500, runners: [[21, "http://127.0.0.1:40002"]] },
    ]);
  });

  test("serves nobody knows whom, where several could listen at that port, and their sockets are another user's", async () => {
    const hidden = { uid: 7, hidesSockets: true };
    const runner = "ollama runner --model a --port 40001";
    const { places, leftOut } = await find(
      { pid: 10, commandLine: "ollama serve", listens: ["127.0.0.1:11500"], ...hidden },
      { pid: 11, parent: 10, commandLine: runner, listens: ["127.0.0.1:40001"], ...hidden },
      { pid: 20, commandLine: "ollama serve", listens: ["127.0.0.1:11434"], ...hidden },
    );
    expect(places).toEqual([{ kind: "ollama", base: "http://127.0.0.1:11434", port: 11_434, reachable: "loopback" }]);
    expect(leftOut).toMatchObject([{ what: "ollama (pid 20)" }]);
  });

  test("is no server on another host, as an engine alone would be", async () => {
    const { places, leftOut } = await find(
      { pid: 10, commandLine: "/venv/lib/vllm/vllm-rs serve a --port 8007", listens: ["127.0.0.1:8007"] },
      { pid: 11, parent: 10, commandLine: "python3 -m vllm.entrypoints.cli.main serve a --headless" },
    );
    expect([places, leftOut]).toMatchObject([[{ kind: "vllm", base: "http://127.0.0.1:8007" }], []]);
  });

  test("is nothing when the server has ended", async () => {
    expect((await find({ pid: 13, commandLine: "ollama runner --port 40002" })).places).toEqual([]);
  });
});

test("more than 64 servers are left out", async () => {
  const many = Array.from({ length: 66 }, (_, at) => ({
    pid: 100 + at,
    commandLine: `llama-server --port ${9000 + at}`,
    listens: [`127.0.0.1:${9000 + at}`],
  }));
  const { places, leftOut } = await find(...many);
  expect(places).toHaveLength(64);
  expect(leftOut.map(({ why }) => why)).toEqual(Array(2).fill("there are more than 64"));
});

test("where processes hang so that no other is read, that is said beside what is known", async () => {
  const { proc, write, hang } = fakeProc([{ ...LLAMA, startTime: 1 }]);
  const finder = new ServerFinder(proc, ADAPTERS);
  await finder.find();
  const more = [20, 21, 22].map((pid) => ({ pid, startTime: 50_000, commandLine: "llama-server" }));
  write([{ ...LLAMA, startTime: 1 }, ...more]);
  for (const pid of [20, 21]) hang(pid);
  const { found, leftOut } = await finder.find();
  expect(found.map(({ process }) => process.pid)).toEqual([10]);
  const why =
    "processes 20 and 21 hang in the kernel, or this host has no time for its agent: until their command lines come no other is read";
  expect(leftOut).toEqual([{ what: "each new server", why }]);
});
