import * as z from "zod";

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

const toList = (given: unknown) =>
  [given ?? []].flat().flatMap((text) => (typeof text === "string" ? text.split(",") : text));
/** Given several times, or with commas in between; empty where it is not given. */
export const listOf = <Rule extends z.ZodType>(rule: Rule, max: number) =>
  z.preprocess(toList, z.array(rule).max(max, `must be at most ${max} of them`).default([]));
