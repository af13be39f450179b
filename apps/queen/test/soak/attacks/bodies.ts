import { aHeartbeat } from "../../../bench/heartbeats.ts";
import { type Attack, type AttackContext, anyOf, pick } from "./attack.ts";
import { type Answer, ask, CUT_OFF, holdOn, rawRequest, sendUnread, wrongIn } from "./client.ts";

const REFUSED = [400, 413, 429, CUT_OFF];
const MAX_BODY_BYTES = 1_048_576;
/** Of all connections of one attack: what the attackers can hold themselves. */
const SENT_AT_ONCE_BYTES = 50_000_000;
const HOLD_MS = 10_000;
/** Of one list. */
const MAX_ENTRIES = 1024;
/** As many as 1 MB has room for, and more. */
const MAX_SOUND_WORKERS = 9500;

const objects = (count: number) => Array.from({ length: count }, () => ({}));

function beat(context: AttackContext, body: (id: string) => unknown): Promise<Answer> {
  const { id, token } = pick(context.random, context.victims.attackers);
  return ask(context, { method: "POST", path: "/v1/heartbeat", token, body: body(id) });
}

function put(context: AttackContext, path: string, body: unknown): Promise<Answer> {
  const { random, victims } = context;
  const { id } = pick(random, victims.attackers);
  const token = pick(random, victims.operators);
  return ask(context, { method: "PUT", path: `/v1/hives/${id}${path}`, token, body });
}

const beatJson = (hive_id: string, workers: unknown) => ({ hive_id, timestamp: new Date().toISOString(), workers });

/** A beat counts, whatever its workers are like, unless they are too many. */
const rightForBeatOf = (workers: number) => (workers <= MAX_ENTRIES ? [200, 413, 429] : REFUSED);

/** A heartbeat of up to 1 MB of workers without a field. */
export const emptyWorkers: Attack = async (context) => {
  const count = 1 + context.random.integer(340_000);
  const answer = await beat(context, (id) => beatJson(id, objects(count)));
  return wrongIn(`a beat of ${count} empty workers`, [answer], rightForBeatOf(count));
};

const emptyGpus: Attack = async (context) => {
  const count = 1 + context.random.integer(50_000);
  const answer = await put(context, "/devices", { cpu: null, gpus: objects(count) });
  return wrongIn(`${count} empty GPUs`, [answer], REFUSED);
};

const soundGpus: Attack = async (context) => {
  const count = 1 + context.random.integer(2 * MAX_ENTRIES);
  const gpus = objects(count).map((_, index) => ({ index, name: "x".repeat(256), vram_gb: 1 }));
  const answer = await put(context, "/devices", { cpu: null, gpus });
  return wrongIn(`${count} sound GPUs`, [answer], count <= MAX_ENTRIES ? [200, 429] : [413, 429, CUT_OFF]);
};

const unknownFields: Attack = async (context) => {
  const count = 1 + context.random.integer(90_000);
  const unknown = Object.fromEntries(objects(count).map((_, n) => [`unknown_${n}`, n]));
  const answer = await put(context, "", { host: "127.0.0.1", port: 9, ...unknown });
  return wrongIn(`${count} unknown fields`, [answer], REFUSED);
};

const workersOfOneId: Attack = async (context) => {
  const count = 2 + context.random.integer(MAX_SOUND_WORKERS);
  const [worker] = soundWorkers(1);
  const answer = await beat(context, (id) => beatJson(id, Array(count).fill(worker)));
  return wrongIn(`${count} workers of one id`, [answer], rightForBeatOf(count));
};

/** The same for devices, for fields that nobody knows, and for workers of one id. */
export const otherBodies = anyOf(emptyGpus, soundGpus, unknownFields, workersOfOneId);

const deepNests: Attack = async (context) => {
  const depth = 1000 + context.random.integer(450_000);
  const nested = (id: string) => `{"hive_id":"${id}","x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
  const answers = await times(1 + context.random.integer(20), () => beat(context, nested));
  return wrongIn(`a nest ${depth} deep`, answers, REFUSED);
};

const manySoundWorkers: Attack = async (context) => {
  const count = 1 + context.random.integer(MAX_SOUND_WORKERS);
  const answer = await beat(context, (id) => beatJson(id, soundWorkers(count)));
  return wrongIn(`${count} sound workers`, [answer], rightForBeatOf(count));
};

const halfSent: Attack = async (context) => {
  const { random } = context;
  const count = 1 + random.integer(1200);
  const bytes = 1 + random.integer(MAX_BODY_BYTES);
  const sentBytes = Math.floor(random.next() * Math.min(bytes, SENT_AT_ONCE_BYTES / count));
  const sockets = Array.from({ length: count }, () => sendUnread(context, begun(context, bytes, sentBytes)));
  await holdOn(sockets, random.between(0, HOLD_MS));
  return [];
};

/** Deep nests that nobody reads, many sound workers, and bodies that are never sent to their end. */
export const costlyBeats = anyOf(deepNests, manySoundWorkers, halfSent);

/** Bodies that are broken off in the middle. An error in the log would tell that the queen takes that for a fault of her own. */
export const brokenOff: Attack = async (context) => {
  const { random } = context;
  const text = begun(context, 1000, 500);
  const sockets = Array.from({ length: 1 + random.integer(200) }, () => sendUnread(context, text));
  await holdOn(sockets, random.between(0, 1000));
  return [];
};

/** A beat of which less is sent than it says. */
function begun({ random, victims }: AttackContext, bytes: number, sentBytes: number): string {
  const { token } = pick(random, victims.attackers);
  const type = "Content-Type: application/json";
  const lines = ["Host: localhost", `Authorization: Bearer ${token}`, type, `Content-Length: ${bytes}`];
  return rawRequest("POST", "/v1/heartbeat", lines) + "{".padEnd(sentBytes);
}

const soundWorkers = (count: number): unknown[] =>
  (JSON.parse(aHeartbeat("any", count)) as { workers: unknown[] }).workers;

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));
