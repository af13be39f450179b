import { expect, test } from "vitest";
import { workerToJson } from "./beat-json.ts";
import { WatchedServer } from "./watched-server.ts";

const workerAt = (path: string): string => {
  const base = new URL(`http://127.0.0.1:8000/${path}`);
  const target = {
    key: base.href,
    kind: "openai",
    base,
    port: 8000,
    reachable: "loopback",
    process: undefined,
  } as const;
  const server = new WatchedServer({ ...target, runners: [], isConfigured: true }, 0);
  return workerToJson(server, { model: "a", state: "Idle", health: "healthy" }, "").worker_id;
};

test("ids that are longer than a queen takes them stay apart, and the same", () => {
  const path = "p".repeat(300);
  const [one, other] = [workerAt(`${path}1`), workerAt(`${path}2`)];
  expect(one).toHaveLength(256);
  expect(other).not.toBe(one);
  expect(workerAt(`${path}1`)).toBe(one);
  expect(workerAt("p")).toBe("openai-8000/p");
});
