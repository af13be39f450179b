import type { Access } from "./door/door.ts";
import { Problem } from "./errors.ts";

export interface Route {
  readonly method: string;
  /** With its parameters: "/v1/hives/:id". */
  readonly url: string;
  readonly access: Access;
}

/** Knows which methods each path takes, so that a wrong method is told from a wrong path. */
export class RouteTable {
  /** Every route of the app. */
  readonly list: Route[] = [];
  readonly #routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  add(url: string, method: string | string[], access: Access): void {
    let route = this.#routes.get(url);
    if (route === undefined) {
      route = {
        pattern: new RegExp(`^${url.replaceAll(".", "\\.").replace(/:[a-z]+/g, "[^/]*")}$`),
        methods: new Set(),
      };
      this.#routes.set(url, route);
    }
    for (const name of [method].flat()) {
      route.methods.add(name);
      this.list.push({ method: name, url, access });
    }
  }

  /** How a request for which there is no route is answered. */
  problemOf(method: string, url: string): Problem {
    const path = url.split("?", 1)[0] ?? "";
    for (const { pattern, methods } of this.#routes.values()) {
      if (!pattern.test(path)) continue;
      const allow = [...methods].sort().join(", ");
      return new Problem(405, "METHOD_NOT_ALLOWED", `${path} takes ${allow}, not ${method}`, { headers: { allow } });
    }
    return new Problem(404, "NOT_FOUND", `There is nothing at ${path}: /docs and /openapi.json say what there is`);
  }
}
