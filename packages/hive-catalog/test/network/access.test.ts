import { inspect } from "node:util";
import { startTestServer } from "@repo/libsql-test-server";
import { expect, test } from "vitest";
import { HiveCatalog } from "../../src/catalog.ts";
import { temporaryFolder } from "../../src/testing.ts";
import { refusalOf } from "../refusal.ts";
import { TOKEN } from "../server.ts";
import { expectClear, expectReason, openShort } from "./lasting.ts";
import { startNetwork } from "./network.ts";

test("a wrong or missing authToken is refused when the catalog is opened, and never shown", async () => {
  await using folder = await temporaryFolder();
  await using server = await startTestServer({ path: `${folder.path}/hives.db`, authToken: TOKEN });
  const wrong = `${TOKEN}-but-wrong`;
  for (const options of [{ authToken: wrong }, {}]) {
    const refusal = await refusalOf(HiveCatalog.open(server.url, options));
    expectClear(refusal, /does not accept the authToken \(HTTP 401\)/);
  }
});

test("an authToken that no header can hold, and secrets in the URL, are refused without showing them", async () => {
  for (const [url, authToken] of [
    ["http://127.0.0.1:1", `${TOKEN}\n`],
    ["http://127.0.0.1:1", `${TOKEN} `],
    [`http://queen:${TOKEN}@127.0.0.1:1`, undefined],
    [`http://127.0.0.1:1?token=${TOKEN}`, undefined],
    [`http://127.0.0.1:1#${TOKEN}`, undefined],
    [`http://127.0.0.1:port?authToken=${TOKEN}`, undefined],
    [`libsql://${TOKEN}@[no-host]`, undefined],
    [`mysql://queen:${TOKEN}@127.0.0.1?password=${TOKEN}#${TOKEN}`, undefined],
  ] as const) {
    const refusal = await refusalOf(HiveCatalog.open(url, { authToken }));
    expect(refusal.code).toBe("INVALID_ARGUMENT");
    expect(inspect(refusal, { depth: 20, showHidden: true })).not.toContain(TOKEN);
  }
});

test("a requestTimeoutMs that no timer can hold is refused", async () => {
  for (const requestTimeoutMs of [0, 1.5, 2 ** 31]) {
    const refusal = await refusalOf(HiveCatalog.open("http://127.0.0.1:1", { requestTimeoutMs }));
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", problems: [{ field: "requestTimeoutMs" }] });
  }
});

test("a token in the URL's authToken parameter works, and is never shown", async () => {
  await using network = await startNetwork();
  await using catalog = await openShort(`${network.proxy.url}?authToken=${TOKEN}`);
  await network.proxy[Symbol.asyncDispose]();
  await expectReason(catalog, /cannot be reached/);
  expectClear(await refusalOf(catalog.countHives()), /./);
});
