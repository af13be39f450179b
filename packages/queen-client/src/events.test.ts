import { expect, test } from "vitest";
import { QueenNoAnswer, QueenProblem } from "./errors.ts";
import { type Connection, readEvents } from "./events.ts";
import type { Bytes } from "./lines.ts";
import { all, bodyOf } from "./testing.ts";

const event = (id: string) => `id: ${id}\nevent: status\ndata: {"hive_id":"a"}\n\n`;

function problem(status: number, retryAfterMs?: number): QueenProblem {
  const said = { title: "", detail: "no", code: "INTERNAL", request_id: "1" } as const;
  return new QueenProblem({ ...said, type: "about:blank", errors: [], status }, retryAfterMs);
}

/** A reader of a queen who answers so, connection by connection; it is stopped when she has no further answer. */
function reading(
  answers: readonly (Bytes | Error)[],
  { random = 1, ...how }: { after?: string; silenceMs?: number; maxRetryMs?: number; random?: number } = {},
) {
  const stop = new AbortController();
  const asked: (string | undefined)[] = [];
  const waits: number[] = [];
  const connections: Connection[] = [];
  const places: string[] = [];
  const left = [...answers];
  const events = readEvents(
    {
      async open(lastEventId) {
        asked.push(lastEventId);
        const answer = left.shift();
        if (answer === undefined) stop.abort();
        if (answer === undefined || answer instanceof Error) throw answer ?? stop.signal.reason;
        return answer;
      },
      wait: async (ms) => void waits.push(ms),
      random: () => random,
    },
    {
      ...how,
      signal: stop.signal,
      onConnection: (connection) => connections.push(connection),
      onPlace: (id) => places.push(id),
    },
  );
  return { events, asked, waits, connections, places, stop };
}

test("a reader that is cut off comes back from the last event that it has seen", async () => {
  const { events, asked, connections } = reading([
    bodyOf([event("s-1"), event("s-2"), "id: s-3\nda"]),
    bodyOf([event("s-3")]),
  ]);
  expect((await all(events)).map(({ id }) => id)).toEqual(["s-1", "s-2", "s-3"]);
  expect(asked).toEqual([undefined, "s-2", "s-3"]);
  expect(connections.map(({ isOpen }) => isOpen)).toEqual([true, false, true, false]);
});

test("it begins where it is told to, and a bookmark moves its place", async () => {
  const { events, asked, places } = reading([bodyOf(["id: s-9\n\n"])], { after: "s-4" });
  expect(await all(events)).toEqual([]);
  expect(places).toEqual(["s-9"]);
  expect(asked).toEqual(["s-4", "s-9"]);
});

test("what says only how long to wait moves no place", async () => {
  const { events, asked } = reading([bodyOf(["retry: 200\n\n"])], { after: "s-4" });
  expect(await all(events)).toEqual([]);
  expect(asked).toEqual(["s-4", "s-4"]);
});

test("a gap is an event, from which it goes on", async () => {
  const { events, asked } = reading([bodyOf(['id: t-0\nevent: gap\ndata: {"why":"queen_restarted"}\n\n'])], {
    after: "s-4",
  });
  expect(await all(events)).toEqual([{ id: "t-0", type: "gap", data: { why: "queen_restarted" } }]);
  expect(asked).toEqual(["s-4", "t-0"]);
});

test("it waits longer each time that it comes back in vain, up to half a minute, and begins anew once something came", async () => {
  const away = new QueenNoAnswer("unreachable", "away");
  const { events, waits } = reading([...Array.from({ length: 7 }, () => away), bodyOf([event("s-1")]), away]);
  await all(events);
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1000, 2000]);
});

test("it waits no longer than it is told to, and half as long at least, so that many do not come back at once", async () => {
  const answers = Array.from({ length: 5 }, () => new QueenNoAnswer("unreachable", "away"));
  const waitsAt = async (random: number) => {
    const { events, waits } = reading(answers, { maxRetryMs: 5000, random });
    await all(events);
    return waits;
  };
  expect(await waitsAt(1)).toEqual([1000, 2000, 4000, 5000, 5000]);
  expect(await waitsAt(0)).toEqual([500, 1000, 2000, 2500, 2500]);
});

test("who lets it wait for ever is not asked again at once, as by a timer of more than 24.8 days", async () => {
  const { events, waits } = reading([bodyOf(["retry: 9999999999\n\n"])], { maxRetryMs: Number.POSITIVE_INFINITY });
  await all(events);
  expect(waits).toEqual([2 ** 31 - 1]);
});

test("it waits as the queen says, in a stream or with a refusal, and never without a pause", async () => {
  const { events, waits } = reading([bodyOf(["retry: 200\n\n"]), problem(503, 5000), bodyOf(["retry: 0\n\n"])]);
  await all(events);
  expect(waits).toEqual([200, 5000, 100]);
});

test.each([400, 401, 403, 404])("it gives up with the problem where the answer is %s", async (status) => {
  const { events, asked } = reading([bodyOf([event("s-1")]), problem(status)]);
  await expect(all(events)).rejects.toMatchObject({ name: "QueenProblem", status });
  expect(asked.length).toBe(2);
});

test("it gives up on what is no queen, but not on a proxy whose queen is away", async () => {
  const page = new QueenNoAnswer("not_a_queen", "a page", { status: 200 });
  const { events, asked } = reading([new QueenNoAnswer("not_a_queen", "a proxy", { status: 502 }), page]);
  await expect(all(events)).rejects.toBe(page);
  expect(asked.length).toBe(2);
});

test("a connection on which nothing comes is made anew", async () => {
  const { events, connections } = reading([bodyOf([event("s-1")], { ends: false })], { silenceMs: 1 });
  expect((await all(events)).length).toBe(1);
  expect(connections[1]).toMatchObject({ isOpen: false, why: { reason: "timed_out" } });
});

test("the signal ends it without an error, in the middle of a stream too", async () => {
  const { events, stop } = reading([bodyOf([event("s-1") + event("s-2")])]);
  expect((await events.next()).value?.id).toBe("s-1");
  stop.abort();
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
