import { expect, test } from "vitest";
import { recorded, startStub } from "../../test/stub-server.ts";
import { llama, watch } from "../../test/watched-host.ts";

const QUEEN_TAKES_BYTES = 512 * 1024;

/** Routers with 32 models that sleep and 32 on disk each, the names of which are as long as a queen takes them. */
async function watchRouters(letter: string) {
  const models = ["sleeping", "unloaded"].flatMap((value) =>
    Array.from({ length: 32 }, (_, at) => ({ id: `${value}-${at}-`.padEnd(250, letter), status: { value } })),
  );
  const servers = await Promise.all(
    Array.from({ length: 8 }, () =>
      startStub("llamacpp-router-props", { ...recorded("llamacpp-router-models-loaded"), body: { data: models } }),
    ),
  );
  return watch(servers.map((server, at) => llama(server, { pid: 10 + at })));
}

test.each([
  ["what is on disk", "\u6a21", 256, "the rest of the models on disk"],
  ["workers too", "\u0001", undefined, "the rest of the workers"],
])(
  "a heartbeat is no longer than a queen takes it: %s beyond that is left out, and said once",
  async (_what, letter, count, said) => {
    const { read, log } = await watchRouters(letter);
    await read();
    const reading = await read();
    expect(Buffer.byteLength(JSON.stringify(reading))).toBeLessThan(QUEEN_TAKES_BYTES * 0.9);
    expect(Buffer.byteLength(JSON.stringify(reading))).toBeGreaterThan(QUEEN_TAKES_BYTES * 0.8);
    if (count !== undefined) expect(reading.workers).toHaveLength(count);
    expect(log.filter((line) => line.startsWith(said))).toEqual([
      `${said} is left out: a heartbeat has no room for more`,
    ]);
  },
);

test("of more than 256 workers the further ones are left out, and said once", async () => {
  const models = Array.from({ length: 32 }, (_, at) => ({ id: `m-${at}`, status: { value: "sleeping" } }));
  const body = { data: models };
  const servers = await Promise.all(
    Array.from({ length: 9 }, () =>
      startStub("llamacpp-router-props", { ...recorded("llamacpp-router-models-loaded"), body }),
    ),
  );
  const { read, workers } = watch(servers.map((server, at) => llama(server, { pid: 10 + at })));
  expect((await read()).workers).toHaveLength(256);
  expect(workers.leftOut).toEqual([{ what: "the rest of the workers", why: "there are more than 256" }]);
});
