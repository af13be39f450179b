import { type Attack, type AttackContext, anyOf, pick } from "./attack.ts";
import { type Answer, ask, TOO_SLOW, wrongIn } from "./client.ts";
import { ODD_CHARACTERS, ODD_TEXT } from "./texts.ts";

const METADATA = ["fd00:ec2::23", "fd00:42::42", "FD00:0EC2:0:0:0:0:0:23", "fd00:42:0::0:42"];

function operate(context: AttackContext, path: string, body?: unknown): Promise<Answer> {
  const token = pick(context.random, context.victims.operators);
  return ask(context, { method: "POST", path, token, ...(body !== undefined && { body }) });
}

function operateSome(context: AttackContext, ids: readonly string[], verb: string): Promise<Answer[]> {
  const some = context.random.sample(1 + context.random.integer(ids.length), ids.length);
  return Promise.all(some.map((n) => operate(context, `/v1/hives/${ids[n]}/${verb}`)));
}

/** Hosts that answer too much; the health rounds ask them in any case. */
export const hostileDevices: Attack = async (context) => {
  const id = pick(context.random, context.victims.hostile);
  return wrongIn("asking a hostile host", [await operate(context, `/v1/hives/${id}/devices`)], [502, 429]);
};

/** Addresses behind which clouds keep secrets; the queen's settings allow their networks. */
export const metadata: Attack = async (context) => {
  const { random, victims } = context;
  const id = `metadata-${random.integer(2 ** 30)}`;
  const host = pick(random, METADATA);
  const added = await operate(context, "/v1/hives", { id, host, port: 80 });
  const asked = await operate(context, `/v1/hives/${id}/devices`);
  await ask(context, { method: "DELETE", path: `/v1/hives/${id}`, token: pick(random, victims.operators) });
  // Whoever could not add it could not have it asked either.
  if (added.status !== 201) return wrongIn(`adding ${host}`, [added], [429]);
  const isRefused = [429, TOO_SLOW].includes(asked.status) || asked.text.includes("HIVE_NOT_ALLOWED");
  return isRefused ? [] : [`asking ${host} was answered ${asked.status}: ${asked.text.slice(0, 200)}`];
};

const silentStops: Attack = async (context) => {
  const answers = await operateSome(context, context.victims.silent, "stop");
  return wrongIn("stopping a hive whose sshd is silent", answers, [202, 409, 429]);
};

const silentScans: Attack = async (context) => {
  const answers = await operateSome(context, context.victims.scanned, "ssh-host-key/scan");
  return wrongIn("asking a silent sshd for its keys", answers, [200, 429]);
};

/** Has many hives stopped, or asked for their keys, whose sshd says nothing. How many stops ran at once, that sshd knows. */
export const silentSsh = anyOf(silentStops, silentScans);

/** Characters that no terminal should see, in whatever is told of. */
export const oddCharacters: Attack = async (context) => {
  const { random, victims } = context;
  const { id, token } = pick(random, victims.attackers);
  const worker = { worker_id: ODD_TEXT, state: ODD_TEXT, last_heartbeat: ODD_TEXT, health_status: ODD_TEXT };
  const beat = { hive_id: id, timestamp: ODD_TEXT, workers: [worker] };
  const answers = await Promise.all([
    operate(context, `/v1/hives/${pick(random, victims.odd)}/devices`),
    operate(context, `/v1/hives/${id}/cordon`, { reason: ODD_TEXT }),
    operate(context, "/v1/hives", { id: ODD_TEXT, host: ODD_TEXT, port: 80 }),
    ask(context, { method: "POST", path: "/v1/heartbeat", token, body: beat }),
    ask(context, { path: `/v1/hives/${encodeURIComponent(ODD_TEXT)}`, token: pick(random, victims.readers) }),
  ]);
  const raw = answers.filter(({ status, text }) => status >= 400 && ODD_CHARACTERS.test(text));
  return [
    ...wrongIn("odd characters", answers, [200, 400, 404, 429, 502]),
    ...raw.map(({ status }) => `the error ${status} tells odd characters as they are`),
  ];
};
