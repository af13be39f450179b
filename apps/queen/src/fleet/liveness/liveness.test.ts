import { expect, test } from "vitest";
import { ALWAYS, alive, type Case, deaf, diesAt, live, mute, NEVER, until } from "../../../test/timeline.ts";

/** Long enough for the grace of the start to be over. */
const DAY_S = 600;

const cases: Case[] = [
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

test.each(cases)("%s", (_name, timeline, log) => {
  expect(live(timeline).log).toEqual(log);
});
