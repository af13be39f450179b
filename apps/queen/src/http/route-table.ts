import { Problem } from "./errors.ts";
import { methodsOf, type Route } from "./route.ts";

/** Knows which methods each path takes, so that a wrong method is told from a wrong path. */
export class RouteTable {
  readonly #paths: readonly { readonly pattern: RegExp; readonly methods: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    const paths = [...new Set(routes.map(({ path }) => path))];
    this.#paths = paths.map((path) => ({
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/:[a-z]+/g, "[^/]*")}$`),
      methods: routes.filter((route) => route.path === path).flatMap(methodsOf),
    }));
  }

  problemOf(method: string, url: string): Problem {
    const path = url.split("?", 1)[0] ?? "";
    const found = this.#paths.find(({ pattern }) => pattern.test(path));
    if (found === undefined) return nothingAt(path);
    const allow = found.methods.toSorted().join(", ");
    return new Problem("METHOD_NOT_ALLOWED", `${path} takes ${allow}, not ${method}`, { headers: { allow } });
  }
}

export const nothingAt = (path: string): Problem =>
  new Problem(
    "NOT_FOUND",
    `There is nothing at ${path}: /docs and /openapi.json say what there is, and /ui is the page`,
  );
