import { CoresRequirement, GpuRequirement, GrammarError, SizeRequirement } from "@repo/device-types";
import { checkBoolean, checkChoice, checkInteger, invalidArgument, isKey } from "../model/check.ts";
import { HIVE_STATUSES, type HiveRecord, type HiveStatus } from "../model/hive.ts";
import { Selector } from "../model/selector.ts";
import type { FindOptions } from "../options.ts";

/** What is looked for: all of it must hold. */
export type Query = {
  readonly selector: Selector;
  readonly gpu: GpuRequirement | undefined;
  readonly ram: SizeRequirement | undefined;
  readonly cores: CoresRequirement | undefined;
  /** Each once; undefined where any will do. */
  readonly statuses: readonly HiveStatus[] | undefined;
  readonly cordoned: boolean | undefined;
  /** In lower case. */
  readonly text: string | undefined;
  /** Those that can be ids; undefined where any will do. */
  readonly ids: readonly string[] | undefined;
  readonly direction: Direction;
};

/** Which way ids go. */
export type Direction = "ascending" | "descending";

const MAX_TEXT = 253;
/** So few that one window has them all, whatever else is asked. */
const MAX_IDS = 100;

/** Throws INVALID_ARGUMENT, which says of a grammar where it broke. */
export function queryIn(options: FindOptions): Query {
  const { selector = "", gpu, ram, cores, status, cordoned, text, ids, descending = false } = options;
  checkBoolean("cordoned", cordoned);
  checkBoolean("descending", descending);
  if (ids !== undefined && (!Array.isArray(ids) || ids.length > MAX_IDS)) {
    throw invalidArgument("ids", `must be a list of at most ${MAX_IDS} ids`);
  }
  return {
    selector: parsed("selector", selector, Selector.parse),
    gpu: gpu === undefined ? undefined : parsed("gpu", gpu, GpuRequirement.parse),
    ram: ram === undefined ? undefined : parsed("ram", ram, SizeRequirement.parse),
    cores: cores === undefined ? undefined : parsed("cores", cores, CoresRequirement.parse),
    ...{ statuses: statusesIn(status), cordoned, text: searchedText(text), ids: ids?.filter(isKey) },
    direction: descending ? "descending" : "ascending",
  };
}

function statusesIn(given: FindOptions["status"]): Query["statuses"] {
  if (given === undefined) return undefined;
  const statuses: readonly HiveStatus[] = Array.isArray(given) ? given : [given];
  if (statuses.length === 0) throw invalidArgument("status", "must be one status at least");
  for (const status of statuses) checkChoice("status", status, HIVE_STATUSES);
  const named = [...new Set(statuses)];
  // All of them say nothing, and would be looked up for each hive.
  return named.length === HIVE_STATUSES.length ? undefined : named;
}

function parsed<Parsed>(name: string, text: unknown, parse: (text: string) => Parsed): Parsed {
  if (typeof text !== "string") throw invalidArgument(name, "must be a text");
  try {
    return parse(text);
  } catch (error) {
    throw error instanceof GrammarError ? invalidArgument(name, error.message) : error;
  }
}

/** Case matters in no letter that hosts and ids are made of. */
function searchedText(text: unknown): string | undefined {
  if (text === undefined) return undefined;
  if (isKey(text) && text !== "" && text.length <= MAX_TEXT) return text.replaceAll(/[A-Z]/g, (c) => c.toLowerCase());
  throw invalidArgument("text", `must be a text of 1 to ${MAX_TEXT} characters`);
}

/** Whether its devices are those that are looked for, whatever was derived of them. */
export function hasDevices({ gpu, ram, cores }: Query, { devices }: HiveRecord): boolean {
  return [gpu, ram, cores].every((requirement) => requirement === undefined || requirement.matches(devices));
}

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;

/** Throws INVALID_ARGUMENT. */
export function placeIn({ after, limit = DEFAULT_LIMIT }: FindOptions): { after: string | undefined; limit: number } {
  checkInteger("limit", limit, 1, MAX_LIMIT);
  if (after !== undefined && !isKey(after)) throw invalidArgument("after", "must be the id of a hive");
  return { after, limit };
}
