import { UnusableArgument } from "./errors.ts";

// What of a request is made of what a caller hands in: nothing of it may change where the request goes, or stand in an error.

/** Where the queen is, as the folder below which her paths are. */
export function urlOf(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UnusableArgument(
      "url must be that of a queen, with http:// or https:// before it, such as https://queen.example:8500",
    );
  }
  if (`${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw new UnusableArgument("url must be that of the queen alone, without a user, a query or a fragment");
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** What cannot stand in a header `fetch` would refuse with a sentence that quotes it. */
export function secretOf(name: string, text: string | undefined): string | undefined {
  if (text !== undefined && !/^[\x21-\x7e]+$/.test(text)) {
    throw new UnusableArgument(`${name} must be of visible ASCII characters, without spaces`);
  }
  return text;
}

interface Parameters {
  readonly path?: object | undefined;
  readonly query?: object | undefined;
}

/** The URL of a path such as `/v1/hives/{id}`, with its parameters. What of the query is undefined is left out, and a list is named item by item. */
export function targetOf(base: URL, path: string, { path: places = {}, query = {} }: Parameters): URL {
  const values = new Map(Object.entries(places));
  const filled = path.replace(/\{(\w+)\}/g, (_all, name) => segmentOf(name, values.get(name)));
  const url = new URL(filled.slice(1), base);
  for (const [name, value] of Object.entries(query)) {
    const values = value === undefined ? [] : [value].flat();
    for (const one of values) url.searchParams.append(name, String(one));
  }
  return url;
}

/** An empty segment, or one of dots, is a step to elsewhere, however it is encoded. */
function segmentOf(name: string, value: unknown): string {
  const text = String(value ?? "");
  if (/^\.{0,2}$/.test(text)) throw new UnusableArgument(`${name} must be more than ${JSON.stringify(text)}`);
  return encodeURIComponent(text);
}
