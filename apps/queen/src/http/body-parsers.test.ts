import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { beatJson, HIVE_JSON, startTestQueen } from "../../test/test-queen.ts";

const post = (url: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
  ({ method: "POST", url, payload, headers: { "content-type": "application/json", ...headers } }) as const;

test("takes a body that begins with a byte order mark", async () => {
  await using queen = await startTestQueen();
  expect((await queen.send(post("/v1/hives", `\ufeff${JSON.stringify(HIVE_JSON)}`))).status).toBe(201);
  expect((await queen.send(post("/v1/heartbeat", `\ufeff${JSON.stringify(beatJson("hive-a"))}`))).status).toBe(200);
});

test.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["gzip, br", (text: string) => brotliCompressSync(gzipSync(text))],
])("says that a body in %s is not unpacked", async (encoding, pack) => {
  await using queen = await startTestQueen();
  const packed = pack(JSON.stringify(beatJson("hive-a")));
  expect(await queen.send(post("/v1/heartbeat", packed, { "content-encoding": encoding }))).toMatchObject({
    status: 415,
    headers: { "accept-encoding": "identity" },
    body: {
      code: "UNSUPPORTED_MEDIA_TYPE",
      detail: `Bodies are taken as they are, not with Content-Encoding "${encoding}"`,
    },
  });
});

test("a body that is not UTF-8 is refused, not taken with other characters in place of what is broken", async () => {
  await using queen = await startTestQueen();
  const cut = Buffer.from(JSON.stringify({ ...HIVE_JSON, host: "hôte" }), "latin1");
  expect(await queen.send(post("/v1/hives", cut))).toMatchObject({
    status: 400,
    body: { code: "INVALID_JSON", detail: "The body is not UTF-8" },
  });
});

test("takes a body that says that it is as it is", async () => {
  await using queen = await startTestQueen();
  const body = post("/v1/hives", JSON.stringify(HIVE_JSON), { "content-encoding": "identity" });
  expect((await queen.send(body)).status).toBe(201);
});
