import { isUtf8 } from "node:buffer";
import type { Row } from "@libsql/client";
import { type SQL, sql } from "drizzle-orm";
import { HiveCatalogError } from "../errors.ts";
import { HIVE_ID_PATTERN, HIVE_STATUSES, isHost, isSshUser, MAX_PORT, MAX_TIME_MS } from "../model/hive.ts";
import { hives } from "../schema.ts";
import { decodeDevices } from "./devices-column.ts";

/** One column of one stored hive that another program damaged. `id` is what the row holds for an id, as text. */
export type DamagedHive = { readonly id: string; readonly column: string; readonly problem: string };

type Cell = { readonly type: string; readonly bytes: Buffer; readonly text: string };
type Rule = { readonly isSound: (cell: Cell) => boolean; readonly rule: string };

const isInteger =
  (min: number, max: number) =>
  ({ type, text }: Cell) =>
    type === "integer" && Number(text) >= min && Number(text) <= max;
const isText =
  (test: (text: string) => boolean) =>
  ({ type, text }: Cell) =>
    type === "text" && test(text);
const orNull = ({ isSound, rule }: Rule): Rule => ({ rule, isSound: (cell) => cell.type === "null" || isSound(cell) });

const HOST: Rule = { isSound: isText(isHost), rule: "must be a host name or an IP address" };
const PORT: Rule = { isSound: isInteger(1, MAX_PORT), rule: `must be an integer from 1 to ${MAX_PORT}` };
const TIME: Rule = {
  isSound: isInteger(0, MAX_TIME_MS),
  rule: `must be a time in milliseconds, an integer from 0 to ${MAX_TIME_MS}`,
};

const RULES: readonly (readonly [{ readonly name: string }, Rule])[] = [
  [hives.id, { isSound: isText((text) => HIVE_ID_PATTERN.test(text)), rule: "must be a hive id" }],
  [hives.host, HOST],
  [hives.port, PORT],
  [hives.sshHost, orNull(HOST)],
  [hives.sshPort, orNull(PORT)],
  [hives.sshUser, orNull({ isSound: isText(isSshUser), rule: "must be a POSIX user name" })],
  [
    hives.status,
    {
      isSound: isText((text) => (HIVE_STATUSES as readonly string[]).includes(text)),
      rule: `must be one of ${HIVE_STATUSES.join(", ")}`,
    },
  ],
  [hives.lastHeartbeatMs, orNull(TIME)],
  [hives.createdAtMs, TIME],
  [hives.updatedAtMs, TIME],
];
const SSH_HOST = 3;
const ONLY_WITH_SSH_HOST = [4, 5];

/** Every column by itself, with its type: slower than `recordColumns`, but nothing in a damaged column can hide another. */
export const damageColumns: Record<string, SQL.Aliased> = Object.fromEntries([
  ...[...RULES.map(([column]) => column), hives.devicesJson].flatMap(({ name }) => [
    [`${name}_type`, sql`typeof(${sql.identifier(name)})`.as(`${name}_type`)],
    [`${name}_hex`, sql`hex(${sql.identifier(name)})`.as(`${name}_hex`)],
  ]),
]);

/** Every damaged column of a row of `damageColumns`; none if the row is sound. */
export function findDamage(row: Row): DamagedHive[] {
  const cells = Array.from({ length: RULES.length + 1 }, (_, position) => cellAt(row, position));
  const id = shown(cells[0]);
  const damage = RULES.flatMap(([{ name: column }, { isSound, rule }], position) => {
    const cell = cells[position] ?? NULL;
    if (!isSound(cell)) return [{ id, column, problem: `${rule}, is ${described(cell)}` }];
    const isStray = ONLY_WITH_SSH_HOST.includes(position) && cell.type !== "null" && cells[SSH_HOST]?.type === "null";
    return isStray ? [{ id, column, problem: "is allowed only together with ssh_host" }] : [];
  });
  const problem = devicesProblem(cells[RULES.length] ?? NULL);
  return problem === undefined
    ? damage
    : [...damage, { id, column: hives.devicesJson.name, problem: `must be devices as JSON: ${problem}` }];
}

/** The error for a single read of a damaged hive. */
export function corruptHive(damage: readonly DamagedHive[]): HiveCatalogError {
  const [first] = damage;
  if (first === undefined) {
    return new HiveCatalogError(
      "CORRUPT_HIVE",
      "a stored hive was damaged, and changed while it was read; read it again",
    );
  }
  const { id } = first;
  const columns = damage.map(({ column, problem }) => `${column} ${problem}`).join("; ");
  return new HiveCatalogError("CORRUPT_HIVE", `the stored hive '${id}' is damaged: ${columns}`, {
    hiveId: id,
    problems: damage.map(({ column, problem }) => ({ field: column, message: problem })),
  });
}

const NULL: Cell = { type: "null", bytes: Buffer.alloc(0), text: "" };

function cellAt(row: Row, position: number): Cell {
  const bytes = Buffer.from(String(row[2 * position + 1] ?? ""), "hex");
  return { type: String(row[2 * position]), bytes, text: bytes.toString("utf8") };
}

function devicesProblem({ type, bytes, text }: Cell): string | undefined {
  if (type === "null") return undefined;
  if (type !== "text") return `it is a ${type}`;
  if (!isUtf8(bytes)) return "it is not UTF-8";
  try {
    decodeDevices(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function described(cell: Cell): string {
  return cell.type === "null" ? "NULL" : `the ${cell.type} '${shown(cell)}'`;
}

const MAX_SHOWN = 128;

function shown(cell: Cell | undefined): string {
  if (cell === undefined || cell.type === "null") return "NULL";
  const printable = cell.text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, "\uFFFD");
  return printable.length > MAX_SHOWN ? `${printable.slice(0, MAX_SHOWN)}…` : printable;
}
