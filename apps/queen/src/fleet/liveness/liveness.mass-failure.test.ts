import { expect, test } from "vitest";
import { ALWAYS, alive, type Case, diesAt, live, many, NEVER, until } from "../../../test/timeline.ts";

/** Long enough for the grace of the start to be over. */
const DAY_S = 600;

const ELSEWHERE = { beats: NEVER, beatsElsewhere: until(300), answers: until(300) };
const GONE = many("gone", 3, diesAt(300));
const cases: Case[] = [
  [
    "hives that another queen hears and that go missing all at once are a mass failure to this one, too",
    { hives: { ...many("alive", 5, alive), ...many("gone", 3, ELSEWHERE) }, toS: 400 },
    ["315 mass_failure"],
  ],
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
    "as long as none is missing, though the network is lost, there is nothing to confirm, and marks stay held back",
    {
      hives: many("gone", 4, diesAt(300)),
      operator: [[324.375, (liveness, nowMs) => expect(liveness.condition.confirm(nowMs)).toBeUndefined()]],
      toS: 400,
    },
    ["322.5 network_lost"],
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
    "one that becomes a lost network is said to be that, and is held for no longer",
    { hives: { ...many("first", 3, diesAt(300)), ...many("last", 3, diesAt(340)) }, toS: 620 },
    ["330 mass_failure", "367.5 network_lost"],
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

test.each(cases)("%s", (_name, timeline, log) => {
  expect(live(timeline).log).toEqual(log);
});
