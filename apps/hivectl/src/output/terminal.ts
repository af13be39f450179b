import { styleText } from "node:util";
import { printable } from "@repo/process-log/printable";
import type { Environment } from "@repo/settings";
import { Unwritable } from "../failure.ts";

const USUAL_WIDTH = 80;

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

interface Look {
  readonly env: Environment;
  readonly command: string;
  readonly noColor: boolean;
  readonly quiet: boolean;
}

/** In columns; where people read it nowhere, as most are. */
export const widthOf = ({ isTTY, columns }: NodeJS.WriteStream): number => (isTTY && columns) || USUAL_WIDTH;

/** A hint, which says `hivectl …`, with what calls it here in that place. */
export const withCommand = (hint: string, command: string): string => hint.replaceAll("`hivectl ", `\`${command} `);

/** Where a verb writes: what was asked for to stdout, everything else to stderr. */
export class Terminal {
  readonly #streams: Streams;
  readonly #quiet: boolean;
  /** What calls hivectl. */
  readonly command: string;
  /** Whether people read stdout as it comes. */
  readonly isForPeople: boolean;
  readonly #isColoured: boolean;
  readonly #isDumb: boolean;
  #goesOnUnread = false;
  #lost: Unwritable | undefined;

  constructor(streams: Streams, { env, command, noColor, quiet }: Look) {
    this.#streams = streams;
    this.#quiet = quiet;
    this.command = command;
    this.isForPeople = streams.stdout.isTTY === true;
    this.#isDumb = env.TERM === "dumb";
    this.#isColoured = this.isForPeople && !noColor && !env.NO_COLOR && !this.#isDumb;
  }

  /** Of stdout, in columns; undefined where nothing is cut. */
  get width(): number | undefined {
    return this.isForPeople ? widthOf(this.#streams.stdout) : undefined;
  }

  /** Of stderr, which may be another terminal, or the only one. */
  get stderrWidth(): number {
    return widthOf(this.#streams.stderr);
  }

  /** In lines. */
  get height(): number {
    return this.#streams.stdout.rows || 24;
  }

  /** Whether a question would be seen and answered. */
  get canAsk(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** Whether a line on stderr can be written over, and somebody looks. */
  get canRedraw(): boolean {
    return this.#streams.stderr.isTTY === true && !this.#isDumb && !this.#quiet;
  }

  get streams(): Streams {
    return this.#streams;
  }

  style(style: Style | undefined, text: string): string {
    return style === undefined || !this.#isColoured ? text : styleText(style, text, { validateStream: false });
  }

  /** From now on what is done counts, also where nobody reads it: stdout that cannot be written ends the writing alone. */
  goOnUnread(): void {
    this.#goesOnUnread = true;
  }

  /** Why not all was written, if so. */
  get lost(): Unwritable | undefined {
    return this.#lost;
  }

  /** Writes to stdout, and waits until it is out: what is read meanwhile does not pile up. Throws Unwritable, unless it goes on unread. */
  async write(text: string): Promise<void> {
    if (this.#lost !== undefined) return;
    const error = await new Promise<Error | null | undefined>((resolve) => this.#streams.stdout.write(text, resolve));
    if (!error) return;
    const lost = new Unwritable(error);
    if (!this.#goesOnUnread) throw lost;
    this.#lost = lost;
  }

  /** Takes away what is seen, so that the next is at the top. */
  clear(): Promise<void> {
    return this.write("\x1b[H\x1b[2J");
  }

  /** A line to stderr, for who watches; texts of strangers steer nothing there. */
  say(text: string): void {
    if (!this.#quiet) this.complain(text);
  }

  /** A line to stderr that is said in any case. */
  complain(text: string): void {
    this.#streams.stderr.write(`hivectl: ${printable(withCommand(text, this.command))}\n`);
  }
}
