import * as z from "zod";

/** Whether a hive takes work, the same wherever it is shown. */
export const takesWorkFields = {
  takes_work: z.boolean().meta({
    description:
      "Whether one of its workers could be given work now: the hive is online, not cordoned, not on probation, and a worker is idle, healthy, reachable and has a free slot, as its last beat said",
  }),
  why_not: z.string().nullable().meta({ description: "Why it takes no work, in words; null when it does" }),
};
