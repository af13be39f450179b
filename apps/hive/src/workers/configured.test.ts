import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing.ts";
import { keyFor, parseServers, readKeys, renewedKeys } from "./configured.ts";

test("reads servers with their kind and without, and drops the /v1 that callers write", () => {
  expect(parseServers("vllm=http://127.0.0.1:8000, https://llm.example/a/v1/ ,")).toEqual([
    { kind: "vllm", base: new URL("http://127.0.0.1:8000") },
    { kind: undefined, base: new URL("https://llm.example/a") },
  ]);
  expect(parseServers("")).toEqual([]);
});

test("a server that is named twice is one", () => {
  const named = "vllm=http://127.0.0.1:8000,http://localhost:8000/v1,http://127.0.0.1:8000/b";
  expect(parseServers(named)).toMatchObject([{ kind: "vllm" }, { base: new URL("http://127.0.0.1:8000/b") }]);
});

test.each(["tgi=http://a", "vllm", "127.0.0.1:8000", "http://user:secret@a", "http://a?x=1", "ftp://a", "http://a:0"])(
  "%j is no list of servers",
  (list) => {
    expect(parseServers(list)).toMatch(/^must be a list such as vllm=.* ollama, llamacpp, vllm, sglang, openai$/);
  },
);

function fileWith(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), "keys");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test("reads keys by host and port", () => {
  const keys = readKeys(fileWith("# ours\n127.0.0.1:8000 one\n\nlocalhost:8001  two \nllm.example:443 three\n"));
  const keyAt = (url: string) => keyFor(keys, new URL(url));
  expect([keyAt("http://127.0.0.1:8000"), keyAt("http://127.0.0.1:8001"), keyAt("https://llm.example/a")]).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(keyAt("http://127.0.0.1:8002")).toBeUndefined();
});

test.each([
  ["localhost:8750", "http://localhost:8750"],
  ["localhost:8750", "http://127.0.0.1:8750"],
  ["127.0.0.1:8750", "http://localhost:8750/v1"],
  ["LLM.example:443", "https://llm.EXAMPLE"],
  ["llm.example:80", "http://llm.example"],
  ["[0:0::1]:8750", "http://[::1]:8750"],
])("a key for %s is that of %s", (place, url) => {
  expect(keyFor(readKeys(fileWith(`${place} secret`)), new URL(url))).toBe("secret");
});

test("says what is wrong with a file of keys, and never a key", () => {
  expect(() => readKeys(fileWith("127.0.0.1:1 secret", 0o640))).toThrow("mode 640): chmod 600 it");
  expect(() => readKeys(fileWith("127.0.0.1:1 a\n127.0.0.1 secret"))).toThrow(/^line 2 must be host:port and a key$/);
  expect(() => readKeys(fileWith("a b:1 secret\n"))).toThrow(/^line 1 must be host:port and a key$/);
  expect(() => readKeys(fileWith("a/b:1 secret\n"))).toThrow(/^line 1 must be host:port and a key$/);
  expect(() => readKeys("/nowhere/keys")).toThrow("ENOENT");
});

test("keys that change in their file are read anew, the same ones are the same, and what cannot be used leaves those before", () => {
  const path = fileWith("127.0.0.1:8000 old\n");
  const said: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void said.push(JSON.parse(line).reason) });
  const first = readKeys(path);
  const keys = renewedKeys(path, first, log);
  const key = () => keyFor(keys(), new URL("http://127.0.0.1:8000"));
  expect(keys()).toBe(first);
  writeFileSync(path, "127.0.0.1:8000 new\n");
  expect(key()).toBe("new");
  expect(keys()).toBe(keys());
  writeFileSync(path, "new\n");
  expect([key(), key()]).toEqual(["new", "new"]);
  expect(said).toEqual(["line 1 must be host:port and a key"]);
  writeFileSync(path, "127.0.0.1:8000 newest\n");
  expect(key()).toBe("newest");
});
