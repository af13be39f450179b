import { createSocket } from "node:dgram";
import { once } from "node:events";
import { onTestFinished } from "vitest";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const FLAGS_OK = 0x8180;
const FLAGS_NO_SUCH_NAME = 0x8183;

/** A real name server on a free loopback port. It knows IPv4 addresses by name, of some names none (""), and says nothing at all while it is silent. */
export class NameServer {
  readonly #socket = createSocket("udp4");
  readonly addresses: Record<string, string>;
  /** The names that it was asked for the IPv4 address of, again and again where they were sent again. */
  readonly asked: string[] = [];
  isSilent = false;
  /** What it did not answer while it was silent. */
  readonly #unanswered: (() => void)[] = [];

  private constructor(addresses: Record<string, string>) {
    this.addresses = addresses;
    this.#socket.on("message", (query, { port, address }) => {
      const { name, type, end } = questionOf(query);
      if (type === TYPE_A) this.asked.push(name);
      const answer = () => this.#socket.send(this.#answer(query.subarray(0, end), name, type), port, address);
      if (this.isSilent) this.#unanswered.push(answer);
      else answer();
    });
  }

  /** One that ends with the test. */
  static async start(addresses: Record<string, string> = {}): Promise<NameServer> {
    const server = new NameServer(addresses);
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    onTestFinished(() => void server.#socket.close());
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Says now what it did not say, and is silent no more. */
  speak(): void {
    this.isSilent = false;
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  #answer(question: Buffer, name: string, type: number): Buffer {
    const address = this.addresses[name];
    const isFound = address !== undefined && address !== "" && type === TYPE_A;
    const header = Buffer.from(question);
    header.writeUInt16BE(address === undefined ? FLAGS_NO_SUCH_NAME : FLAGS_OK, 2);
    // One question, so many answers, nothing else.
    for (const [position, count] of [1, isFound ? 1 : 0, 0, 0].entries()) header.writeUInt16BE(count, 4 + 2 * position);
    if (!isFound) return header;
    // The name of the question, IPv4, a lifetime of no seconds, four bytes.
    const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4]);
    return Buffer.concat([header, record, Buffer.from(address.split(".").map(Number))]);
  }
}

function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}
