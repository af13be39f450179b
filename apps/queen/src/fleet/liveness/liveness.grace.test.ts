import { expect, test } from "vitest";
import { ALWAYS, alive, type Case, deaf, diesAt, live, many, mute, NEVER, until } from "../../../test/timeline.ts";

/** Long enough for the grace of the start to be over. */
const DAY_S = 600;

const grace: Case[] = [
  [
    "after the start every hive has a whole stale age",
    { hives: { a: { beats: [[0, 1]], answers: NEVER } }, toS: 120 },
    ["60 a offline silent"],
  ],
  [
    "one that only ever answered probes, too",
    { hives: { a: { beats: NEVER, answers: NEVER } }, toS: 120 },
    ["60 a offline silent"],
  ],
  [
    "a stall longer than the stale age takes nobody offline",
    { hives: { a: deaf }, stalls: [[301, 419]], toS: DAY_S },
    ["420 stalled"],
  ],
  [
    "after a stall the silence of a dead hive counts from its end",
    { hives: { a: diesAt(300) }, stalls: [[331, 420]], toS: DAY_S },
    ["420 stalled", "480 a offline silent"],
  ],
  [
    "a short hiccup is no stall",
    { hives: { a: diesAt(300) }, stalls: [[301, 315]], toS: 360 },
    ["345 a offline silent"],
  ],
  [
    "after a suspension of the machine it counts from then, too",
    { hives: { a: diesAt(300) }, suspensions: [[330.5, 420]], toS: DAY_S },
    ["420 suspended", "480 a offline silent"],
  ],
  [
    "a network that was lost and is back takes nobody offline",
    {
      hives: many("a", 4, {
        beats: [
          [0, 300],
          [390, 9999],
        ],
        answers: [
          [0, 300],
          [390, 9999],
        ],
      }),
      toS: DAY_S,
    },
    ["322.5 network_lost", "390 network_back"],
  ],
  [
    "what does not come back with it goes offline a stale age later",
    {
      hives: {
        ...many("a", 4, {
          beats: [
            [0, 300],
            [390, 9999],
          ],
          answers: [
            [0, 300],
            [390, 9999],
          ],
        }),
        b: diesAt(300),
      },
      toS: DAY_S,
    },
    ["322.5 network_lost", "390 network_back", "450 b offline silent"],
  ],
  [
    "two hives that fall silent together are not the network's fault",
    { hives: many("a", 2, diesAt(300)), toS: DAY_S },
    ["345 a0 offline silent", "345 a1 offline silent"],
  ],
  [
    "a network that comes and goes does not put off for ever what is lost",
    {
      hives: {
        ...many("a", 3, {
          beats: Array.from({ length: 40 }, (_, n) => [300 + 45 * n, 301 + 45 * n] as const),
          answers: NEVER,
        }),
        b: { beats: until(300), answers: until(300) },
      },
      toS: 1200,
      settings: { massFailureHoldMs: 240_000 },
    },
    expect.arrayContaining([expect.stringMatching(/^\d+ b offline silent$/)]) as unknown as string[],
  ],
];

const network: Case[] = [
  [
    "hives that only answer probes, beside records of hosts long gone, are no lost network",
    {
      hives: {
        ...many("mute", 12, mute),
        gone: { beats: NEVER, answers: until(300) },
        ...many("dead", 3, { beats: NEVER, answers: NEVER, status: "offline" }),
      },
      toS: DAY_S,
    },
    ["360 gone offline silent"],
  ],
  [
    "beats that another queen takes tell that the network is there",
    { hives: many("a", 4, { beats: NEVER, beatsElsewhere: ALWAYS, answers: NEVER }), toS: DAY_S },
    [],
  ],
  [
    "failures of hives that were not online tell nothing of it",
    {
      hives: { alone: diesAt(300), ...many("dead", 9, { beats: NEVER, answers: NEVER, status: "unknown" }) },
      toS: 360,
    },
    ["345 alone offline silent"],
  ],
];

test.each([...grace, ...network])("%s", (_name, timeline, log) => {
  expect(live(timeline).log).toEqual(log);
});

/** The queen stands still for all but a moment of each round. */
const STALLS = Array.from({ length: 20 }, (_, n) => [301 + 30 * n, 330 + 30 * n] as const);

const changesOf = ({ log }: { log: string[] }) => log.filter((line) => / (?:online|offline) /.test(line));

test("stalls of the queen's own making, one after the other, put a dead hive off by one stale age", () => {
  const hives = { alive, deaf, gone: diesAt(300) };
  expect(changesOf(live({ hives, busyStalls: STALLS, toS: 880 }))).toEqual(["390 gone offline silent"]);
});

test("stalls in which others stopped her put it off for as long as they go on", () => {
  const hives = { alive, deaf, gone: diesAt(300) };
  expect(changesOf(live({ hives, stalls: STALLS, toS: 880 }))).toEqual([]);
});

test("once ten stale ages are over, a stall of her own making is forgiven again", () => {
  const hives = { gone: diesAt(1200) };
  const busyStalls = [[301, 330] as const, [1201, 1260] as const];
  expect(changesOf(live({ hives, busyStalls, toS: 1500 }))).toEqual(["1320 gone offline silent"]);
});
