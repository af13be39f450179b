import { expect, test } from "vitest";
import { urlOf } from "./address.ts";

const urlFrom = (url: string, host = "10.1.2.3") => urlOf({ url, port: null, reachable: null }, host);

test.each([
  "http://gpu-01:8000",
  "http://gpu-01.rack.example:11434",
  "http://10.1.2.3:8000",
  "http://255.255.255.255:1",
  "http://1.2.3.4:59999",
])("%s is in its normal form, as a parser has it", (url) => {
  expect(urlFrom(url)).toBe(url);
  expect(new URL(url).href).toBe(`${url}/`);
});

test.each([
  ["http://127.9.9.9:8000", null],
  ["http://127.0.0.1.:8000", null],
  ["http://0.0.0.0:8000", "http://10.1.2.3:8000"],
  ["http://0x7f000001:8000", null],
  ["http://127.1:8000", null],
  ["http://010.1.2.3:8000", "http://8.1.2.3:8000"],
  ["http://1.2.3:8000", "http://1.2.0.3:8000"],
  ["http://1.2.3.4.:8000", "http://1.2.3.4:8000"],
  ["http://256.1.2.3:8000", null],
  ["http://localhost:8000", null],
  ["http://GPU-01:8000", "http://gpu-01:8000"],
  ["http://gpu-01:80", "http://gpu-01"],
  ["http://gpu-01:99999", null],
  ["http://gpu-01:65536", null],
  ["http://gpu-01:08000", "http://gpu-01:8000"],
])("%s is %s", (url, known) => {
  expect(urlFrom(url)).toBe(known);
});

test("a url on loopback is one for a hive that is there itself", () => {
  expect(urlFrom("http://127.0.0.1:8000", "127.0.0.1")).toBe("http://127.0.0.1:8000");
  expect(urlFrom("http://127.0.0.1:8000", "localhost")).toBe("http://127.0.0.1:8000");
});

test.each([
  ["127.0.0.1", "http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  ["localhost", "http://localhost:8000", "http://localhost:8000"],
  ["::1", "http://127.0.0.1:8000", "http://[::1]:8000"],
])("a port alone is one at the hive's host, and on loopback no IPv6 one: %s", (host, loopback, all) => {
  const on = (reachable: "all" | "loopback") => urlOf({ url: null, port: 8000, reachable }, host);
  expect([on("loopback"), on("all")]).toEqual([loopback, all]);
});
