/** Ids of events are `<start>-<n>`. */
export const numberOf = (id: string): number => Number(id.slice(id.lastIndexOf("-") + 1));
