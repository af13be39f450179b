import * as z from "zod";

const DEFAULT_SIZE = 100;
const MAX_SIZE = 1000;
const SIZE = `must be a whole number from 1 to ${MAX_SIZE}`;

/** In a query string everything is text. */
const toNumber = (text: unknown) => (typeof text === "string" && /^\d{1,4}$/.test(text) ? Number(text) : text);

/** The parameters of a list that is read page by page. */
export const pageQuery = (things: string) => ({
  after: z.string().optional().meta({ description: "The `next_after` of the page before" }),
  limit: z
    .preprocess(toNumber, z.int(SIZE).min(1, SIZE).max(MAX_SIZE, SIZE).default(DEFAULT_SIZE))
    .meta({ description: `${things} at most` }),
});

export const NextAfter = z
  .string()
  .nullable()
  .meta({ description: "`after` of the next page; null when this is the last one" });

/** A short page is the last one. */
export const nextAfter = (page: readonly { readonly id: string }[], limit: number): string | null =>
  page.length < limit ? null : (page.at(-1)?.id ?? null);
