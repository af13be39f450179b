import { describe, expect, test } from "vitest";
import { newRegistry, STALE_AFTER_MS } from "../../../test/a-registry.ts";
import { aGpuReading, aHeartbeat, aReading, aWorker } from "../../../test/a-worker.ts";
import { FakeClock } from "../../../test/fake-clock.ts";
import { HiveRegistry } from "./registry.ts";

const GB = 2 ** 30;

describe("the best worker", () => {
  test("is idle and healthy", () => {
    const { beat, handOut } = newRegistry();
    beat("a", [
      aWorker({ workerId: "busy", state: "Busy" }),
      aWorker({ workerId: "loading", state: "Loading" }),
      aWorker({ workerId: "sick", healthStatus: "degraded" }),
      aWorker({ workerId: "good", gpuPercent: 99 }),
    ]);
    expect([handOut(), handOut()]).toEqual(["good", "good"]);
    expect(handOut({ model: "other" })).toBeUndefined();
  });

  test("has the least load, then the lowest GPU load, then CPU load, then the fewest busy neighbours, then the first id", () => {
    const { beat, handOut } = newRegistry();
    const even = { gpuPercent: 10, cpuPercent: 1 };
    beat("a", [aWorker({ workerId: "2 of 8", slots: 8, running: 2, gpuPercent: 0 })]);
    beat("b", [aWorker({ workerId: "1 of 8", slots: 8, running: 1, gpuPercent: 100 })]);
    beat("c", [aWorker({ workerId: "gpu-20", gpuPercent: 20, cpuPercent: 0 })]);
    beat("d", [aWorker({ workerId: "cpu-9", gpuPercent: 10, cpuPercent: 9 })]);
    beat("e", [aWorker({ workerId: "neighbour", ...even }), aWorker({ workerId: "n", state: "Busy" })]);
    beat("f", [aWorker({ workerId: "z", ...even })]);
    beat("g", [aWorker({ workerId: "y", ...even })]);
    const inOrder = ["y", "z", "neighbour", "cpu-9", "1 of 8", "gpu-20"];
    expect(inOrder.map(() => handOut())).toEqual(inOrder);
  });

  test("has as many busy neighbours as its last beat told", () => {
    const { beat, handOut } = newRegistry();
    for (const state of ["Busy", "Loading"] as const) {
      beat("a", [aWorker({ workerId: "w" }), aWorker({ workerId: "n", state })]);
    }
    beat("b", [aWorker({ workerId: "x" })]);
    expect(handOut()).toBe("w");
  });

  test("is not one whose GPU is full and that does not say what runs, beside one with a slot of 256 taken", () => {
    const { beat, handOut } = newRegistry();
    beat("a", [aWorker({ workerId: "unknown", slots: 256, gpuPercent: 100 })]);
    beat("b", [aWorker({ workerId: "1 of 256", slots: 256, running: 1, gpuPercent: 5 })]);
    expect(handOut()).toBe("1 of 256");
  });

  test("is on a hive as soon as its cordon or its probation without end is over, whatever it said meanwhile", () => {
    const { beat, handOut, cordonUntil, setFrom } = newRegistry();
    for (const [set, over] of [
      [cordonUntil, 0],
      [setFrom, Number.NEGATIVE_INFINITY],
    ] as const) {
      set("a", Number.POSITIVE_INFINITY);
      beat("a", [aWorker()]);
      expect(handOut()).toBeUndefined();
      set("a", over);
      expect(handOut()).toBe("worker-1");
    }
  });

  test("is not full with one running, if it does not say its slots", () => {
    for (const gpuPercent of [5, null]) {
      const { beat, handOut } = newRegistry();
      beat("a", [aWorker({ workerId: "1 running", running: 1, gpuPercent })]);
      beat("b", [aWorker({ workerId: "31 of 32", slots: 32, running: 31, gpuPercent: 5 })]);
      expect(handOut()).toBe("1 running");
    }
  });

  test("has the fewest requests of those that do not say their slots, whatever their GPUs do: one keeps a GPU as busy as a hundred", () => {
    const { beat, handOut } = newRegistry();
    beat("a", [aWorker({ workerId: "200 running", running: 200, gpuPercent: 96 })]);
    beat("b", [aWorker({ workerId: "3 running", running: 3, gpuPercent: 99 })]);
    beat("c", [aWorker({ workerId: "1 running", running: 1, gpuPercent: null })]);
    const inOrder = ["1 running", "1 running", "1 running", "3 running", "1 running", "3 running"];
    expect(inOrder.map(() => handOut())).toEqual(inOrder);
  });

  test("is not taken for empty when it says its slots and not what runs: a half that is free is better", () => {
    const { beat, handOut } = newRegistry();
    beat("a", [aWorker({ workerId: "unknown", slots: 4, gpuPercent: null })]);
    beat("b", [aWorker({ workerId: "7 of 16", slots: 16, running: 7 })]);
    expect([handOut(), handOut()]).toEqual(["7 of 16", "7 of 16"]);
    expect(handOut()).toBe("unknown");
  });

  test("is not one of which nothing is known, while a measured one has less than half of its GPU in use", () => {
    const { beat, handOut } = newRegistry();
    beat("silent", [aWorker({ workerId: "silent", gpuPercent: null })]);
    beat("calm", [aWorker({ workerId: "calm", gpuPercent: 49 })]);
    beat("strained", [aWorker({ workerId: "strained", gpuPercent: 51 })]);
    expect([handOut(), handOut(), handOut()]).toEqual(["calm", "silent", "strained"]);
  });

  test("has the GPU load that its hive has measured, where the worker says none", () => {
    const { registry, handOut } = newRegistry();
    for (const [id, utilizationPercent] of [["a", 90] as const, ["b", 10] as const]) {
      const reading = aReading({ gpus: [aGpuReading({ index: 1, utilizationPercent })] });
      registry.update(aHeartbeat(id, [aWorker({ workerId: id, deviceId: 1, gpuPercent: null })], { reading }), 0);
    }
    expect(handOut()).toBe("b");
  });

  test("follows the load from beat to beat", () => {
    const { beat, handOut } = newRegistry();
    const load = (gpuPercents: number[]) =>
      beat(
        "a",
        gpuPercents.map((gpuPercent, index) => aWorker({ workerId: `w${index}`, gpuPercent })),
      );
    load([10, 20, 30]);
    expect(handOut()).toBe("w0");
    load([90, 80, 70]);
    expect(handOut()).toBe("w2");
  });

  test("runs on a live hive that is online", () => {
    const { beat, clock, setFrom, handOut } = newRegistry();
    beat("a", [aWorker({ workerId: "first" })]);
    clock.advance(1000);
    beat("b", [aWorker({ workerId: "second", gpuPercent: 50 })]);
    setFrom("a", Number.POSITIVE_INFINITY);
    expect(handOut()).toBe("second");
    setFrom("a", 0);
    expect(handOut()).toBe("first");
    clock.advance(STALE_AFTER_MS - 1000);
    expect(handOut()).toBe("second");
    clock.advance(1000);
    expect(handOut()).toBeUndefined();
  });

  test("is on no hive whose cordon is in force again after the wall clock was set back", () => {
    const { beat, clock, cordonUntil, handOut } = newRegistry();
    beat("a", [aWorker()]);
    cordonUntil("a", clock.wallMs + 1000);
    clock.advance(1000);
    expect(handOut()).toBe("worker-1");
    clock.wallMs -= 500;
    expect(handOut()).toBeUndefined();
    clock.advance(500);
    expect(handOut()).toBe("worker-1");
  });

  test("is found on each of many hives whose cordons end at one moment", () => {
    const { registry, beat, clock, cordonUntil } = newRegistry();
    const ids = Array.from({ length: 100 }, (_, n) => `hive-${n}`);
    for (const id of ids) {
      beat(id, [aWorker({ modelId: id })]);
      cordonUntil(id, clock.wallMs + 1000);
    }
    expect(registry.handOut({ model: "hive-99" })).toBeUndefined();
    clock.advance(1000);
    expect(ids.map((id) => registry.handOut({ model: id })?.hiveId)).toEqual(ids);
  });

  test("is found without asking again which hives take work", () => {
    let looks = 0;
    const registry = new HiveRegistry({
      clock: new FakeClock(),
      staleAfterMs: STALE_AFTER_MS,
      circumstancesOf: (id) => {
        looks += 1;
        const cordonedUntilMs = id === "free" ? 0 : Number.POSITIVE_INFINITY;
        return { takesWorkFromMs: 0, cordonedUntilMs, host: "10.0.0.7", unified: undefined };
      },
    });
    for (let n = 0; n < 100; n++) registry.update(aHeartbeat(`cordoned-${n}`, [aWorker()]), 0);
    registry.update(aHeartbeat("free", [aWorker({ gpuPercent: 99 })]), 0);
    looks = 0;
    expect(registry.handOut({ model: "llama-3-8b" })?.hiveId).toBe("free");
    expect(looks).toBe(0);
  });

  test("has the backend that was asked for", () => {
    const { beat, handOut } = newRegistry();
    beat("a", [aWorker({ workerId: "cpu", backend: "cpu" }), aWorker({ workerId: "cuda", gpuPercent: 90 })]);
    expect(handOut({ backend: "cuda" })).toBe("cuda");
    expect(handOut({ backend: "rocm" })).toBeUndefined();
  });

  test("has so much free on its GPUs, as it was measured lately", () => {
    const { registry, clock, handOut } = newRegistry();
    const gpu = (index: number, freeGb: number) =>
      aGpuReading({ index, memoryTotalBytes: 24 * GB, memoryUsedBytes: (24 - freeGb) * GB });
    const reading = aReading({ gpus: [gpu(0, 4), gpu(1, 6), aGpuReading({ index: 2 })] });
    const workers = [
      aWorker({ workerId: "4", deviceId: 0 }),
      aWorker({ workerId: "10", deviceId: 1, deviceIds: [0, 1], gpuPercent: 50 }),
      aWorker({ workerId: "unread", deviceId: 2 }),
      aWorker({ workerId: "nowhere", deviceId: null }),
    ];
    registry.update(aHeartbeat("a", workers, { reading }), 0);
    registry.update(aHeartbeat("b", [aWorker({ workerId: "unmeasured" })]), 0);
    expect(handOut({ minFreeVramBytes: 4 * GB })).toBe("4");
    expect(handOut({ minFreeVramBytes: 5 * GB })).toBe("10");
    expect(handOut({ minFreeVramBytes: 11 * GB })).toBeUndefined();
    const old = aReading({ ...reading, readAtMs: clock.now() - STALE_AFTER_MS });
    registry.update(aHeartbeat("a", workers, { reading: old, timestampMs: clock.now() }), 0);
    expect(handOut({ minFreeVramBytes: 4 * GB })).toBeUndefined();
  });
});

describe("where the best worker answers", () => {
  const urlOn = (host: string, address: Parameters<typeof aWorker>[0]) => {
    const { registry, beat } = newRegistry(host);
    beat("a", [aWorker({ url: null, ...address })]);
    return [registry.handOut({ model: "llama-3-8b" })?.url, [...registry.workers()].flat()[0]?.url];
  };

  test("is made from the host of its hive, where its hive says a port alone", () => {
    const open = { port: 8000, reachable: "all" } as const;
    expect(urlOn("10.0.0.7", open)[0]).toBe("http://10.0.0.7:8000");
    expect(urlOn("gpu-01.example", open)[0]).toBe("http://gpu-01.example:8000");
    expect(urlOn("fd00::7", open)[0]).toBe("http://[fd00::7]:8000");
  });

  test("is nowhere for one that is bound to loopback, unless its hive is on loopback itself", () => {
    const bound = { port: 8000, reachable: "loopback" } as const;
    expect(urlOn("10.0.0.7", bound)).toEqual([undefined, null]);
    expect(urlOn("127.0.0.1", bound)[0]).toBe("http://127.0.0.1:8000");
    expect(urlOn("::1", bound)[0]).toBe("http://127.0.0.1:8000");
    expect(urlOn("localhost", bound)[0]).toBe("http://localhost:8000");
  });

  test("is never the address on which servers listen for all", () => {
    expect(urlOn("10.0.0.7", { url: "http://0.0.0.0:8000/v1" })[0]).toBe("http://10.0.0.7:8000/v1");
    expect(urlOn("fd00::7", { url: "http://[::]:8000" })[0]).toBe("http://[fd00::7]:8000");
    expect(urlOn("10.0.0.7", { url: "http://0.0.0.0.example" })[0]).toBe("http://0.0.0.0.example");
  });

  test.each(["http://0:8000", "http://[0:0:0:0:0:0:0:0]:8000", "http://[::ffff:0.0.0.0]:8000", "http://0.0.0.0.:8000"])(
    "is never that address, however it is written: %s",
    (url) => {
      expect(urlOn("10.0.0.7", { url })).toEqual(["http://10.0.0.7:8000", "http://10.0.0.7:8000"]);
      expect(urlOn("fd00::7", { url })[0]).toBe("http://[fd00::7]:8000");
      expect(urlOn("", { url })).toEqual([undefined, null]);
    },
  );

  test.each(["http://127.0.0.1:8000", "http://localhost.:8000", "https://[::1]:8000/v1", "http://0x7f.1/"])(
    "is on loopback only where its hive is: %s",
    (url) => {
      expect(urlOn("10.1.2.3", { url })).toEqual([undefined, null]);
      expect(urlOn("localhost", { url })[0]).toBe(new URL(url).href.replace(/(?<=:8000)\/$/, ""));
    },
  );

  test.each(["javascript:alert(1)", "file:///etc/passwd", "ftp://gpu-01/", "gpu-01:8000", "//gpu-01", "http://", ""])(
    "is no url but of http and https: %j",
    (url) => expect(urlOn("10.0.0.7", { url })).toEqual([undefined, null]),
  );

  test("is in the normal form of URLs", () => {
    expect(urlOn("10.0.0.7", { url: "HTTP://GPU-01.Example:80/v1" })[0]).toBe("http://gpu-01.example/v1");
    expect(urlOn("10.0.0.7", { url: "http://gpu\t-01:9" })[0]).toBe("http://gpu-01:9");
  });

  test("is what its hive says, and is left to the caller where it says nothing", () => {
    expect(urlOn("10.0.0.7", { url: "http://proxy:1/", port: 8000, reachable: "loopback" })[0]).toBe("http://proxy:1/");
    expect(urlOn("10.0.0.7", {})).toEqual([null, null]);
    expect(urlOn("10.0.0.7", { port: 8000 })).toEqual([undefined, null]);
    expect(urlOn("10.0.0.7", { reachable: "all" })).toEqual([undefined, null]);
    expect(urlOn("", { port: 8000, reachable: "all" })).toEqual([undefined, null]);
  });

  test("moves with its hive, at once", () => {
    const { registry, beat, moveTo } = newRegistry("10.0.0.7");
    beat("a", [aWorker({ url: null, port: 8000, reachable: "loopback" })]);
    expect(registry.handOut({ model: "llama-3-8b" })).toBeUndefined();
    moveTo("a", "127.0.0.1");
    expect(registry.handOut({ model: "llama-3-8b" })?.url).toBe("http://127.0.0.1:8000");
  });
});
