import { CHANGES_NO_ROW, type EventType } from "./event-data.ts";
import type { LoggedEvent } from "./events.ts";

/** Which events a reader asks for. */
export interface EventFilter {
  /** The same for all that ask for the same. */
  readonly key: string;
  wants(event: LoggedEvent): boolean;
}

/** Those of these hives and of these types; all where none is named, but for what changes no row. What happens to the queen herself is of no hive. */
export function eventFilter(hives: readonly string[], types: readonly EventType[]): EventFilter {
  const [ofHives, ofTypes] = [new Set(hives), new Set(types)];
  return {
    key: JSON.stringify([[...ofHives].sort(), [...ofTypes].sort()]),
    wants: ({ hiveId, type }) =>
      (ofHives.size === 0 || (hiveId !== undefined && ofHives.has(hiveId))) &&
      (ofTypes.size === 0 ? type !== CHANGES_NO_ROW : ofTypes.has(type)),
  };
}
