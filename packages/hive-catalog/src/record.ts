/** A hive as other packages and browsers know it: its type, its rules and its JSON form, without any driver. */
export * from "./model/hive.ts";
export * from "./model/hive-json.ts";
