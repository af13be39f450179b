import type { Fleet } from "../../fleet/fleet.ts";
import type { WorkQuery } from "../../fleet/workers/queries.ts";
import { OBSTACLES, type Obstacle, type WhyNoWorker } from "../../fleet/workers/why-no-worker.ts";
import { Problem } from "../errors.ts";

const OBSTACLE_WORDS: Record<Obstacle, string> = {
  offline: "offline",
  cordoned: "cordoned",
  on_probation: "on probation",
  of_another_backend: "of another backend",
  without_idle_worker: "without an idle, healthy one with room",
  out_of_reach: "where only its own host reaches one, or its url is none",
  without_memory: "without the free memory",
};

/** The 404 of whoever asks for a worker where there is none, with what is known of why. */
export function noWorker(query: WorkQuery, fleet: Fleet, isCold = false): Problem {
  const { model, isChosen, backend } = query;
  const why = fleet.registry.whyNoWorker(query);
  const { serving, hives } = why;
  const isAny = isChosen === undefined;
  const notChosen = `No hive that is chosen has a worker for the model ${JSON.stringify(model)}`;
  const detail = serving > 0 ? noneFree(model, why) : isAny ? notServed(model, why, fleet) : notChosen;
  return new Problem("NO_WORKER", detail + onDiskWords(why, isCold, backend), { hives: { serving, ...hives } });
}

function onDiskWords({ onDisk }: WhyNoWorker, isCold: boolean, backend: string | undefined): string {
  if (onDisk === 0) return "";
  return `; ${onDisk} live ${onDisk === 1 ? "hive has" : "hives have"} it on disk, ${coldAdvice(isCold, backend)}`;
}

function coldAdvice(isCold: boolean, backend: string | undefined): string {
  if (backend !== undefined) return "which cold=true names only where no backend is asked for";
  return isCold
    ? "none of which takes work, is reached from elsewhere and has the memory free, as far as that is measured"
    : "of which cold=true names one that can load it, if there is one";
}

function notServed(model: string, { otherModels }: WhyNoWorker, fleet: Fleet): string {
  const others = otherModels.map((other) => JSON.stringify(other)).join(", ");
  return `No hive has a worker for the model ${JSON.stringify(model)}; ${others === "" ? noneKnown(fleet) : `there are some for ${others}`}`;
}

/** Workers are known by heartbeats alone: a queen who was started anew knows none. */
const noneKnown = (fleet: Fleet): string =>
  fleet.condition().state === "grace"
    ? "no model has one yet: the queen has only just begun to listen, and hives tell of theirs with their next heartbeat"
    : "no model has one";

function noneFree(model: string, { serving, hives }: WhyNoWorker): string {
  const counts = OBSTACLES.filter((obstacle) => hives[obstacle] > 0).map(
    (obstacle) => `${hives[obstacle]} ${OBSTACLE_WORDS[obstacle]}`,
  );
  const servers = serving === 1 ? "hive that has" : "hives that have";
  return `No worker for the model ${JSON.stringify(model)} is free: of ${serving} ${servers} one, ${counts.join(", ")}`;
}
