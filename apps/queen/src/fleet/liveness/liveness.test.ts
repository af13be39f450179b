import { describe, expect, test } from "vitest";
import { ALWAYS, live, many, NEVER, type Timeline, until } from "../../../test/timeline.ts";

const alive = { beats: ALWAYS, answers: ALWAYS };
const deaf = { beats: ALWAYS, answers: NEVER };
const mute = { beats: NEVER, answers: ALWAYS };
const diesAt = (s: number) => ({ beats: until(s), answers: until(s) });

type Case = readonly [name: string, timeline: Timeline, log: readonly string[]];

/** Long enough for the grace of the start to be over. */
const DAY_S = 600;

const corroboration: Case[] = [
  ["a hive that beats and answers stays online", { hives: { a: alive }, toS: DAY_S }, []],
  ["a hive that beats with a closed port stays online", { hives: { a: deaf }, toS: DAY_S }, []],
  ["a hive that answers without beating stays online", { hives: { a: mute }, toS: DAY_S }, []],
  [
    "a hive goes offline once its beat is stale and two probes have failed since",
    { hives: { a: diesAt(300) }, toS: DAY_S },
    ["345 a offline silent"],
  ],
  [
    "stale beats are not enough while a second probe has not failed",
    { hives: { a: { beats: until(300), answers: until(345) } }, toS: DAY_S },
    ["390 a offline silent"],
  ],
  [
    "one failed probe between answers is nothing, however stale the beats are",
    {
      hives: {
        a: {
          beats: until(300),
          answers: [
            [0, 360],
            [361, 480],
            [481, DAY_S + 1],
          ],
        },
      },
      toS: DAY_S,
    },
    [],
  ],
  [
    "failed probes from before the last beat are no witnesses of the silence after it",
    { hives: { a: { beats: until(300), answers: NEVER } }, toS: DAY_S, settings: { healthIntervalMs: 120_000 } },
    ["360 a offline silent"],
  ],
  [
    "a hive that may not be contacted is judged by its beats alone",
    { hives: { a: { beats: until(300), answers: NEVER, refused: ALWAYS } }, toS: DAY_S },
    ["345 a offline silent"],
  ],
  [
    "a host that may not be contacted for one probe, while a name points elsewhere, is no more than a failed probe",
    { hives: { a: { beats: NEVER, answers: ALWAYS, refused: [[300, 301]] } }, toS: DAY_S },
    [],
  ],
  [
    "a hive that was never seen stays unknown",
    { hives: { a: { beats: NEVER, answers: NEVER, status: "unknown" } }, toS: DAY_S },
    [],
  ],
  [
    "one beat brings an offline hive back",
    { hives: { a: { beats: [[300, 301]], answers: NEVER, status: "offline" } }, toS: 330 },
    ["300 a online beats_arrive"],
  ],
  [
    "one answer brings an unknown hive up",
    { hives: { a: { beats: NEVER, answers: [[300, 331]], status: "unknown" } }, toS: 330 },
    ["300 a online answers_probes"],
  ],
];

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

/** The queen stands still for all but a moment of each round. */
const STALLS = Array.from({ length: 20 }, (_, n) => [301 + 30 * n, 330 + 30 * n] as const);
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

const ELSEWHERE = { beats: NEVER, beatsElsewhere: until(300), answers: until(300) };
const elsewhere: Case = [
  "hives that another queen hears and that go missing all at once are a mass failure to this one, too",
  { hives: { ...many("alive", 5, alive), ...many("gone", 3, ELSEWHERE) }, toS: 400 },
  ["315 mass_failure"],
];

const GONE = many("gone", 3, diesAt(300));
const guard: Case[] = [
  [
    "at a share or less the hives are marked",
    { hives: { ...many("alive", 6, alive), ...GONE }, toS: DAY_S },
    ["345 gone0 offline silent", "345 gone1 offline silent", "345 gone2 offline silent"],
  ],
  [
    "with more than that none is marked before the time is over",
    { hives: { ...many("alive", 5, alive), ...GONE }, toS: 700 },
    [
      "330 mass_failure",
      "630 resumed timed_out",
      "630 gone0 offline silent",
      "630 gone1 offline silent",
      "630 gone2 offline silent",
    ],
  ],
  [
    "fewer than three are no mass failure, whatever share they are",
    { hives: { alive, ...many("gone", 2, diesAt(300)) }, toS: DAY_S },
    ["345 gone0 offline silent", "345 gone1 offline silent"],
  ],
  [
    "it ends when they return, and what does not return gets a stale age more",
    {
      hives: {
        ...many("alive", 5, alive),
        ...many("back", 2, {
          beats: [
            [0, 300],
            [420, 9999],
          ],
          answers: [
            [0, 300],
            [420, 9999],
          ],
        }),
        gone: diesAt(300),
      },
      toS: DAY_S,
    },
    ["330 mass_failure", "420 resumed returned", "480 gone offline silent"],
  ],
  [
    "it ends when an operator confirms, and those that follow in the same incident are marked as well",
    {
      hives: { ...many("alive", 3, alive), ...GONE, ...many("later", 2, diesAt(345)) },
      operator: [[360, (liveness, nowMs) => expect(liveness.condition.confirm(nowMs)).toMatchObject({ missing: 3 })]],
      toS: DAY_S,
    },
    [
      "330 mass_failure",
      "360 resumed confirmed",
      "360 gone0 offline silent",
      "360 gone1 offline silent",
      "360 gone2 offline silent",
      "390 later0 offline silent",
      "390 later1 offline silent",
    ],
  ],
  [
    "those that were marked within the last stale age count",
    {
      hives: { ...many("alive", 6, alive), ...many("first", 2, diesAt(300)), ...many("second", 2, diesAt(330)) },
      toS: 500,
    },
    [
      "345 first0 offline silent",
      "345 first1 offline silent",
      "360 mass_failure",
      "405 resumed returned",
      "465 second0 offline silent",
      "465 second1 offline silent",
    ],
  ],
  [
    "another one, later, is held back anew",
    { hives: { ...many("alive", 2, alive), ...GONE, ...many("later", 3, diesAt(1500)) }, toS: 1600 },
    [
      "330 mass_failure",
      "630 resumed timed_out",
      "630 gone0 offline silent",
      "630 gone1 offline silent",
      "630 gone2 offline silent",
      "1530 mass_failure",
    ],
  ],
  [
    "a share of 1 switches it off",
    {
      hives: many("gone", 4, { beats: until(300), answers: NEVER, refused: ALWAYS }),
      settings: { massFailureShare: 1 },
      toS: 360,
    },
    ["345 gone0 offline silent", "345 gone1 offline silent", "345 gone2 offline silent", "345 gone3 offline silent"],
  ],
  [
    "a network that stays away is held for the same time",
    { hives: GONE, toS: 700 },
    [
      "322.5 network_lost",
      "622.5 resumed timed_out",
      "622.5 gone0 offline silent",
      "622.5 gone1 offline silent",
      "622.5 gone2 offline silent",
    ],
  ],
];

describe.each([
  ["corroboration", corroboration],
  ["grace", grace],
  ["network", [...network, elsewhere]],
  ["mass failure", guard],
])("%s", (_rule, cases) => {
  test.each(cases)("%s", (_name, timeline, log) => {
    expect(live(timeline).log).toEqual(log);
  });
});

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
