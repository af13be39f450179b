import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@repo/hive-catalog/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { FakeClock } from "../../../test/fake-clock.ts";
import { startTestQueen, type TestQueen } from "../../../test/test-queen.ts";
import { readTls } from "./tls.ts";

const file = (name: string) => readFileSync(new URL(`../../../test/tls/${name}`, import.meta.url));
const certificate = (name: "a" | "b") => ({ cert: file(`${name}.cert.pem`), key: file(`${name}.key.pem`) });
/** Both are valid until 2126-10-31T15:10:37Z. */
const EXPIRES_AT = "2126-10-31T15:10:37.000Z";
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const clockAt = (time: string) => Object.assign(new FakeClock(), { wallMs: Date.parse(time) });
const warnings = ({ logLines }: TestQueen) =>
  logLines.filter(({ msg }) => msg.includes("certificate")).map(({ level, msg }) => [level, msg]);
const expiry = async ({ app }: TestQueen) =>
  /^queen_tls_certificate_expiry_seconds (.*)$/m.exec((await app.inject("/metrics")).payload)?.[1];

test("says at the start, at each new certificate and once a day that it expires in two weeks, and then that it has", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const clock = clockAt("2126-10-17T15:10:38Z");
  await using queen = await startTestQueen({ clock, tls: certificate("a") });
  const soon = (days: number) => [40, `the TLS certificate expires in ${days} days: renew it, and send SIGHUP`];
  const expired = [40, "the TLS certificate has expired, hives and callers refuse it: renew it, and send SIGHUP"];
  expect(warnings(queen)).toEqual([soon(13)]);
  expect(queen.logLines.at(-1)).toMatchObject({ subject: "CN=queen a for tests", expires_at: EXPIRES_AT });
  queen.certificates.take(certificate("b"));
  expect(warnings(queen)).toEqual([soon(13), soon(13)]);
  clock.advance(13 * DAY_MS);
  vi.advanceTimersByTime(DAY_MS);
  expect(warnings(queen).at(-1)).toEqual(soon(0));
  clock.advance(DAY_MS);
  vi.advanceTimersByTime(DAY_MS);
  expect(warnings(queen).slice(2)).toEqual([soon(0), expired]);
});

test("takes up once an hour what is new in its files, and nothing that cannot be used", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  await using folder = await temporaryFolder();
  const files = { cert: join(folder.path, "cert.pem"), key: join(folder.path, "key.pem") };
  const put = (part: "cert" | "key", name: "a" | "b") => writeFileSync(files[part], certificate(name)[part]);
  put("cert", "a");
  put("key", "a");
  await using queen = await startTestQueen({ tls: readTls(files), rereadTls: () => readTls(files) });
  const shown = vi.spyOn(queen.servers, "setCertificate");
  vi.advanceTimersByTime(HOUR_MS);
  put("cert", "b");
  vi.advanceTimersByTime(HOUR_MS);
  expect(shown).not.toHaveBeenCalled();
  put("key", "b");
  vi.advanceTimersByTime(HOUR_MS);
  expect(shown.mock.calls).toEqual([[certificate("b")]]);
  expect(queen.logLines.filter(({ msg }) => msg.includes("taken up"))).toHaveLength(1);
});

test("that cannot be used is not taken up, and the metric says until when the one is good that is shown", async () => {
  await using queen = await startTestQueen({ tls: certificate("a") });
  const { key } = certificate("b");
  expect(() => queen.certificates.take({ key, cert: file("expired.cert.pem") })).toThrow(/key values mismatch/);
  expect(warnings(queen)).toEqual([]);
  expect(await expiry(queen)).toBe(String(Date.parse(EXPIRES_AT) / 1000));
});

test("is silent while the certificate is good for long, and the metric says until when", async () => {
  await using queen = await startTestQueen({ tls: certificate("a") });
  expect(warnings(queen)).toEqual([]);
  expect(await expiry(queen)).toBe(String(Date.parse(EXPIRES_AT) / 1000));
  await using plain = await startTestQueen();
  expect(await expiry(plain)).toBeUndefined();
});

test("counts of a chain what expires first", async () => {
  const { key, cert } = certificate("a");
  const chain = Buffer.concat([cert, file("expired.cert.pem")]);
  await using queen = await startTestQueen({ tls: { key, cert: chain } });
  expect(warnings(queen)).toEqual([[40, expect.stringContaining("has expired")]]);
  expect(queen.logLines.at(-1)).toMatchObject({ subject: "CN=queen of yesterday for tests" });
});
