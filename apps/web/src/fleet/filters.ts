import { hrefOf } from "../state/place.ts";

/** The address of the fleet with one parameter other, or without it. */
export function withParameter(query: URLSearchParams, name: string, value: string | undefined): string {
  const next = new URLSearchParams(query);
  if (value === undefined || value === "") next.delete(name);
  else next.set(name, value);
  // Groups are an order of their own.
  if (name === "sort" && value) next.delete("group_by");
  if (name === "group_by" && value) next.delete("sort");
  return hrefOf("", undefined, next);
}

/** … with a further term of the selector. */
export function withTerm(query: URLSearchParams, term: string): string {
  const terms = query.get("selector")?.split(/,(?![^(]*\))/) ?? [];
  return withParameter(query, "selector", [...new Set([...terms, term])].join(","));
}
