import { rule } from "@repo/hive-catalog/record";
import * as z from "zod";
import { LISTS, MAX_ID_LENGTH } from "../input.ts";

/** In a query string everything is text. */
const toNumber = (form: RegExp) => (text: unknown) =>
  typeof text === "string" && form.test(text) ? Number(text) : text;
const toBoolean = (text: unknown) => (text === "true" ? true : text === "false" ? false : text);

/** A whole number from 1 on. */
export function upTo(max: number): z.ZodInt {
  const text = `must be a whole number from 1 to ${max}`;
  return z.int(text).min(1, text).max(max, text);
}
export const wholeNumber = <Rule extends z.ZodType>(rule: Rule) => z.preprocess(toNumber(/^\d{1,9}$/), rule);
export const decimal = <Rule extends z.ZodType>(rule: Rule) => z.preprocess(toNumber(/^\d{1,9}(?:\.\d{1,9})?$/), rule);

const trueOrFalse = z.boolean("must be true or false");
/** False where it is not given. */
export const flag = z.preprocess(toBoolean, trueOrFalse.default(false));
export const optionalFlag = z.preprocess(toBoolean, trueOrFalse.optional());

/** What something is called; an empty one is called nothing. */
export const name = z.string().min(1, "must not be empty");

/** As many hives as one look into the catalog finds. */
const MAX_NAMED = 100;
const toList = (given: unknown) =>
  given == null ? given : [given].flat().flatMap((text) => (typeof text === "string" ? text.split(",") : text));
const bounded = <Rule extends z.ZodType>(rule: Rule) =>
  z.array(rule, "must be a list").max(MAX_NAMED, `must be at most ${MAX_NAMED} of them`);
/** Given several times, or with commas in between; empty where it is not given. */
export const listOf = <Rule extends z.ZodType>(rule: Rule) =>
  z.preprocess(toList, bounded(rule).default([])).register(LISTS, { orOne: false });
/** The same of what may be absent: any will do then, and of an empty list none would. Each once and in order, so that who asks for the same says the same. */
export const optionalListOf = <Rule extends z.ZodType<string>>(rule: Rule) =>
  z
    .preprocess(
      toList,
      bounded(rule)
        .min(1, "must be one of them at least")
        .overwrite((list) => [...new Set(list)].sort())
        .optional(),
    )
    .register(LISTS, { orOne: true });

export const oneOf = <Name extends string>(names: readonly Name[]) =>
  z.enum(names, `must be one of ${names.join(", ")}`);

const HIVE = `must be the id of a hive, of at most ${MAX_ID_LENGTH} characters`;
/** Of a hive that is to be in the catalog. */
export const HiveId = z
  .string()
  .min(1, HIVE)
  .max(MAX_ID_LENGTH, HIVE)
  .refine((id) => !id.includes("\0"), HIVE);
export const hiveIds = listOf(HiveId);

const BYTES_PER_GB = 2 ** 30;
const VRAM_RULE = rule("must be a number from 0");
export const vramGb = z.number(VRAM_RULE).min(0, VRAM_RULE).meta({
  description:
    "GB of 2^30 bytes that are free on its GPUs, as they were measured: a hive that measures nothing is not found",
});
export const vramBytesOf = (gb: number | undefined): number | undefined =>
  gb === undefined ? undefined : gb * BYTES_PER_GB;
