import { aHeartbeat } from "../../../bench/heartbeats.ts";
import { type Attack, type AttackContext, pick } from "./attack.ts";
import { type Answer, ask, CUT_OFF, holdOn, rawRequest, sendUnread, wrongIn } from "./client.ts";

const REFUSED = [400, 413, 429, CUT_OFF];
const MAX_BODY_BYTES = 1_048_576;
/** Of all connections of one attack: what the attackers can hold themselves. */
const SENT_AT_ONCE_BYTES = 50_000_000;
const HOLD_MS = 10_000;

const objects = (count: number) => Array.from({ length: count }, () => ({}));

function beat(context: AttackContext, body: (id: string) => unknown): Promise<Answer> {
  const { id, token } = pick(context.random, context.victims.attackers);
  return ask(context, { method: "POST", path: "/v1/heartbeat", token, body: body(id) });
}

const beatJson = (hive_id: string, workers: unknown) => ({ hive_id, timestamp: new Date().toISOString(), workers });

/** A heartbeat of up to 1 MB of workers without a field. */
export const emptyWorkers: Attack = async (context) => {
  const count = 1 + context.random.integer(340_000);
  const answer = await beat(context, (id) => beatJson(id, objects(count)));
  return wrongIn(`a beat of ${count} empty workers`, [answer], REFUSED);
};

/** The same for devices, for fields that nobody knows, and for workers of one id. */
export const otherBodies: Attack = async (context) => {
  const { random, victims } = context;
  const { id } = pick(random, victims.attackers);
  const token = pick(random, victims.operators);
  const put = (path: string, body: unknown) => ask(context, { method: "PUT", path, token, body });
  const kind = random.integer(4);
  if (kind === 0) {
    const count = 1 + random.integer(50_000);
    const answer = await put(`/v1/hives/${id}/devices`, { cpu: null, gpus: objects(count) });
    return wrongIn(`${count} empty GPUs`, [answer], REFUSED);
  }
  if (kind === 1) {
    const count = 1 + random.integer(2048);
    const gpus = objects(count).map((_, index) => ({ index, name: "x".repeat(256), vram_gb: 1 }));
    const right = count <= 1024 ? [200, 429] : [413, 429, CUT_OFF];
    return wrongIn(`${count} sound GPUs`, [await put(`/v1/hives/${id}/devices`, { cpu: null, gpus })], right);
  }
  if (kind === 2) {
    const count = 1 + random.integer(90_000);
    const unknown = Object.fromEntries(objects(count).map((_, n) => [`unknown_${n}`, n]));
    return wrongIn(
      `${count} unknown fields`,
      [await put(`/v1/hives/${id}`, { host: "127.0.0.1", port: 9, ...unknown })],
      REFUSED,
    );
  }
  const count = 2 + random.integer(9500);
  const workers = objects(count).map(() => soundWorkers("x", 1)[0]);
  const answer = await beat(context, (hiveId) => beatJson(hiveId, workers));
  return wrongIn(`${count} workers of one id`, [answer], REFUSED);
};

/** Deep nests that nobody reads, many sound workers, and bodies that are never sent to their end. */
export const costlyBeats: Attack = async (context) => {
  const { random } = context;
  const kind = random.integer(3);
  if (kind === 0) {
    const depth = 1000 + random.integer(450_000);
    const nested = (id: string) => `{"hive_id":"${id}","x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const answers = await times(1 + random.integer(20), () => beat(context, nested));
    return wrongIn(`a nest ${depth} deep`, answers, REFUSED);
  }
  if (kind === 1) {
    const count = 1 + random.integer(9500);
    const answer = await beat(context, (id) => beatJson(id, soundWorkers(id, count)));
    return wrongIn(`${count} sound workers`, [answer], count <= 1024 ? [200, 413, 429] : REFUSED);
  }
  const count = 1 + random.integer(1200);
  const bytes = 1 + random.integer(MAX_BODY_BYTES);
  const sentBytes = Math.floor(random.next() * Math.min(bytes, SENT_AT_ONCE_BYTES / count));
  await holdOn(
    await times(count, async () => sendUnread(context, begun(context, bytes, sentBytes))),
    random.between(0, HOLD_MS),
  );
  return [];
};

/** Bodies that are broken off in the middle. That each is one line in the log, its log shows. */
export const brokenOff: Attack = async (context) => {
  const { random } = context;
  const text = begun(context, 1000, 500);
  const sockets = await times(1 + random.integer(200), async () => sendUnread(context, text));
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

const soundWorkers = (id: string, count: number): unknown[] =>
  (JSON.parse(aHeartbeat(id, count)) as { workers: unknown[] }).workers;

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work));
