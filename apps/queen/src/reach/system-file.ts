import { readFileSync, statSync } from "node:fs";

/** What a small file of the system says: read anew when it has changed, and taken for empty where it cannot be read. */
export class SystemFile<Content> {
  readonly #path: string;
  readonly #parse: (text: string) => Content;
  #version: string | undefined;
  #content: Content | undefined;

  constructor(path: string, parse: (text: string) => Content) {
    this.#path = path;
    this.#parse = parse;
  }

  get content(): Content {
    const version = versionOf(this.#path);
    if (this.#content === undefined || version !== this.#version) this.#content = this.#parse(textOf(this.#path));
    this.#version = version;
    return this.#content;
  }
}

function versionOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [ino, size, mtimeMs, ctimeMs].join();
  } catch {
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
