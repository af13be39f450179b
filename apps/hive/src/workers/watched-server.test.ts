import { expect, test } from "vitest";
import { type Ask, NoAnswer } from "./ask.ts";
import type { Target } from "./target.ts";
import { WatchedServer } from "./watched-server.ts";

const TARGET: Target = {
  key: "http://127.0.0.1:8000/",
  kind: "openai",
  base: new URL("http://127.0.0.1:8000"),
  port: 8000,
  reachable: "loopback",
  process: undefined,
  runners: [],
  isConfigured: true,
};

const listing = (...ids: string[]): Ask => {
  const json = { data: ids.map((id) => ({ id })) };
  return async () => ({ status: 200, server: "", text: JSON.stringify(json), json });
};
/** A model that is loaded when it is asked for. */
const unloaded: Ask = async () => {
  const json = { data: [{ id: "cold", status: { value: "unloaded" } }] };
  return { status: 200, server: "", text: JSON.stringify(json), json };
};
const silent: Ask = () => Promise.reject(new NoAnswer("it is too slow"));

test("of a reading that was cut short nothing counts: neither what was said so far, nor that nothing was", async () => {
  const server = new WatchedServer(TARGET, 0);
  const read = (ask: Ask, isCutShort: boolean) =>
    server.read(TARGET, { askOf: () => ask, nowMs: 0, isCutShort: () => isCutShort });
  const told = () => server.readings.map(({ model, health }) => [model, health]);
  await read(listing("a"), false);
  const { askedMs } = server;
  for (const ask of [listing(), silent]) {
    await read(ask, true);
    expect([told(), server.askedMs, server.isSilent]).toEqual([[["a", "healthy"]], askedMs, false]);
  }
  await read(listing("b"), false);
  expect(told()).toEqual([["b", "healthy"]]);
});

test("a server that does not answer has nothing to load, until it answers again", async () => {
  const server = new WatchedServer(TARGET, 0);
  const cold: string[][] = [];
  for (const ask of [unloaded, silent, unloaded]) {
    await server.read(TARGET, { askOf: () => ask, nowMs: 0, isCutShort: () => false });
    cold.push(server.cold.map(({ model }) => model));
  }
  expect(cold).toEqual([["cold"], [], ["cold"]]);
});
