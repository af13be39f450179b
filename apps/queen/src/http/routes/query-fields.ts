import * as z from "zod";
import { MAX_ID_LENGTH } from "../input.ts";

/** In a query string everything is text. */
const toNumber = (form: RegExp) => (text: unknown) =>
  typeof text === "string" && form.test(text) ? Number(text) : text;
const toBoolean = (text: unknown) => (text === "true" ? true : text === "false" ? false : text);

export const wholeNumber = <Rule extends z.ZodType>(rule: Rule) => z.preprocess(toNumber(/^\d{1,9}$/), rule);
export const decimal = <Rule extends z.ZodType>(rule: Rule) => z.preprocess(toNumber(/^\d{1,9}(?:\.\d{1,9})?$/), rule);

const trueOrFalse = z.boolean("must be true or false");
/** False where it is not given. */
export const flag = z.preprocess(toBoolean, trueOrFalse.default(false));
export const optionalFlag = z.preprocess(toBoolean, trueOrFalse.optional());

/** As many hives as one look into the catalog finds. */
const MAX_NAMED = 100;
const toList = (given: unknown) =>
  [given ?? []].flat().flatMap((text) => (typeof text === "string" ? text.split(",") : text));
/** Given several times, or with commas in between; empty where it is not given. */
export const listOf = <Rule extends z.ZodType>(rule: Rule) =>
  z.preprocess(toList, z.array(rule).max(MAX_NAMED, `must be at most ${MAX_NAMED} of them`).default([]));

const HIVE = `must be the id of a hive, of at most ${MAX_ID_LENGTH} characters`;
/** Of a hive that is to be in the catalog. */
export const HiveId = z
  .string()
  .min(1, HIVE)
  .max(MAX_ID_LENGTH, HIVE)
  .refine((id) => !id.includes("\0"), HIVE);
export const hiveIds = listOf(HiveId);
