import { and, eq, lt, type SQL, sql } from "drizzle-orm";
import { tell } from "../calls.ts";
import type { CallClient } from "../drivers/client.ts";
import { hiveNotFound } from "../errors.ts";
import { checkArgument, checkFunction, checkInteger, checkObject, invalidArgument, isKey } from "../model/check.ts";
import { Cordon, cordonFields, NewCordon } from "../model/cordon.ts";
import { newRecord } from "../model/fields.ts";
import { type CallOptions, CORDON_LIST_OPTIONS, type CordonListOptions, type DamagedRecord } from "../options.ts";
import { cordons, hives } from "../schema.ts";
import { collect, finder, type Order, one, pages, readOne } from "../sql/reading.ts";
import { RowReader } from "../sql/rows.ts";
import { build, type Given, statement } from "../sql/statement.ts";
import { Verbs } from "./verbs.ts";

type OfHive = { hiveId: string };
type Now = { nowMs: number };

/** Of a damaged cordon the hive that it names stays cordoned: damage must not give work to a hive that an operator took it from. */
export const cordonReader = new RowReader<Cordon>({
  table: cordons,
  fields: cordonFields,
  thing: "cordon",
  standIn: ({ hiveId, untilMs = null, createdAtMs = 0 }, damaged) => {
    const reason = `the stored cordon is damaged (${damaged.join(", ")}): cordon the hive anew, or uncordon it`;
    return hiveId === undefined ? undefined : ({ hiveId, reason, untilMs, createdAtMs } as Cordon);
  },
});

const ofHive = ({ hiveId }: Given<OfHive>): SQL => eq(cordons.hiveId, hiveId);
/** Unless it surely has ended: what is no time is no end. */
export const isInForce = ({ nowMs }: Given<Now>): SQL =>
  sql`NOT (typeof(${cordons.untilMs}) = 'integer' AND ${cordons.untilMs} BETWEEN 0 AND ${nowMs})`;

const byHive: Order = { columns: { hiveId: cordons.hiveId } };

const inForce = one<Cordon, OfHive & Now>(cordonReader, (given) => sql`${ofHive(given)} AND ${isInForce(given)}`);
/** Every text is below every BLOB: a row that has one for its id stands for no hive, and nowhere in the order. */
const allInForce = finder<Cordon, Now>(cordonReader, byHive, (given) =>
  and(lt(cordons.hiveId, sql`x''`), isInForce(given)),
);

type Set = OfHive & { reason: string; untilMs: number | null; createdAtMs: number };

/** Only for a hive that is there, in the same statement. */
const set = statement<Set>(({ hiveId, reason, untilMs, createdAtMs }) =>
  build
    .insert(cordons)
    .select(sql`SELECT ${hives.id}, ${reason}, ${untilMs}, ${createdAtMs} FROM ${hives} WHERE ${eq(hives.id, hiveId)}`)
    .onConflictDoUpdate({ target: cordons.hiveId, set: { reason, untilMs, createdAtMs } }),
);
/** An old one that is not in force any more goes too. */
const lift = statement<OfHive & Now>((given) =>
  build
    .delete(cordons)
    .where(ofHive(given))
    .returning({ wasInForce: isInForce(given) }),
);

/** The cordons that are in force: one whose end has come counts as none. Removing a hive removes its cordon. */
export class Cordons extends Verbs {
  /** Cordons a hive, in place of an earlier cordon. Rejects with HIVE_NOT_FOUND or INVALID_ARGUMENT. */
  set(hiveId: string, cordon: NewCordon, options?: CallOptions): Promise<Cordon> {
    return this.run(async (client) => {
      checkObject("cordon", cordon);
      const nowMs = this.now();
      const checked = checkArgument("cordon", SetInput, { ...cordon, hiveId });
      const values = newRecord(cordonFields, checked, { createdAtMs: nowMs });
      if (values.untilMs !== null && values.untilMs <= nowMs) {
        throw invalidArgument("untilMs", `must be later than now, which is ${nowMs}`);
      }
      if ((await client.execute(set(values))).rowsAffected === 0) throw hiveNotFound(hiveId);
      return values;
    }, options);
  }

  /** Resolves to whether there was a cordon in force. */
  lift(hiveId: string, options?: CallOptions): Promise<boolean> {
    return this.run(async (client) => {
      if (!isKey(hiveId)) return false;
      const [row] = (await client.execute(lift({ hiveId, nowMs: this.now() }))).rows;
      return row?.[0] === 1;
    }, options);
  }

  /** Rejects with CORRUPT_RECORD when another program damaged it. */
  get(hiveId: string, options?: CallOptions): Promise<Cordon | undefined> {
    return this.run((client) => {
      return isKey(hiveId) ? readOne(client, inForce, { hiveId, nowMs: this.now() }) : undefined;
    }, options);
  }

  /**
   * By hive id. A damaged one is in force until it is lifted or set anew, and its reason says so; one that names no hive is left out. Rejects
   * with INVALID_ARGUMENT.
   */
  list(options: CordonListOptions = {}): Promise<Cordon[]> {
    const work = (client: CallClient) => {
      const { after, limit, onCorruptRecord } = options;
      if (limit !== undefined) checkInteger("limit", limit, 1);
      if (after !== undefined && !isKey(after)) throw invalidArgument("after", "must be the id of a hive");
      checkFunction("onCorruptRecord", onCorruptRecord);
      const onDamage = onCorruptRecord ? telling(onCorruptRecord) : this.warnings.of(cordonReader);
      const place = after === undefined ? undefined : { hiveId: after };
      return collect(pages(client, allInForce, { nowMs: this.now() }, { after: place, limit, onDamage }));
    };
    return this.run(work, options, CORDON_LIST_OPTIONS);
  }
}

const SetInput = NewCordon.extend({ hiveId: Cordon.shape.hiveId });

function telling(onCorruptRecord: NonNullable<CordonListOptions["onCorruptRecord"]>) {
  return (damage: readonly DamagedRecord[]): void => {
    for (const column of damage) tell(onCorruptRecord, column);
  };
}
