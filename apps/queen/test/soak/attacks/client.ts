import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import type { Random } from "../../../sim/random.ts";
import type { AttackContext } from "./attack.ts";

/** Much longer than any answer should take, of a queen under attack, to a caller who seldom gets a turn. */
const TIMEOUT_MS = 60_000;
const MAX_ERROR_BYTES = 16_384;
/** A queen who refuses a body may cut off whoever still sends it. */
export const CUT_OFF = 0;

interface Question {
  queen?: "locked" | "open";
  method?: string;
  path: string;
  token?: string;
  headers?: Record<string, string>;
  /** JSON, if it is no text yet. */
  body?: unknown;
  /** Leaves as soon as it has the head of the answer. */
  isHeadEnough?: boolean;
}

export interface Answer {
  /** CUT_OFF when there was none. */
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Of strangers each has an address of its own. */
const anAddress = (random: Random): string => `127.2.${random.integer(250)}.${1 + random.integer(250)}`;

/** Sends one request on a connection of its own. Throws when it is not answered in time. */
export function ask({ victims, random }: AttackContext, question: Question): Promise<Answer> {
  const { queen = "locked", method = "GET", path, token, headers = {}, body, isHeadEnough = false } = question;
  const how = {
    host: "127.0.0.1",
    localAddress: anAddress(random),
    agent: false,
    method,
    path,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
  } as const;
  const request =
    queen === "locked"
      ? httpRequest({ ...how, port: victims.lockedPort })
      : httpsRequest({ ...how, port: victims.openPort, rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    const fail = (error: Error) => {
      if (error.name === "AbortError" || error.name === "TimeoutError") {
        reject(new Error(`${method} ${path}: no answer within ${TIMEOUT_MS / 1000} s`));
      } else resolve(answer ?? { status: CUT_OFF, headers: {}, text: error.message });
    };
    request.on("error", fail).on("response", (response) => {
      const head: Answer = { status: response.statusCode ?? 0, headers: response.headers, text: "" };
      answer = head;
      if (isHeadEnough) {
        resolve(head);
        return void request.destroy();
      }
      response
        .setEncoding("utf8")
        .on("data", (text: string) => {
          head.text += text;
        })
        .on("error", fail)
        .on("end", () => resolve(head));
    });
    request.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** An attacker who seldom gets a turn is too slow for the queen. */
export const TOO_SLOW = 408;

/** What of these answers is not as it should be: another status, or an error that is told at length. */
export function wrongIn(what: string, answers: readonly Answer[], right: readonly number[]): string[] {
  return answers.flatMap(({ status, text }) => [
    ...(right.includes(status) || status === TOO_SLOW
      ? []
      : [`${what} was answered ${status}, not ${right.join(" or ")}: ${text.slice(0, 200)}`]),
    ...(status >= 400 && Buffer.byteLength(text) > MAX_ERROR_BYTES
      ? [`${what}: ${text.length} characters of error`]
      : []),
  ]);
}

/** The bytes of a request as some would write it by hand. */
export function rawRequest(method: string, path: string, lines: readonly string[], body = ""): string {
  const length = body === "" ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(body)}`];
  return [`${method} ${path} HTTP/1.1`, ...lines, ...length, "", body].join("\r\n");
}

/** A connection to the locked queen that sends this and reads nothing. */
export function sendUnread({ victims, random }: AttackContext, text: string): Socket {
  const socket = connect({ host: "127.0.0.1", port: victims.lockedPort, localAddress: anAddress(random) });
  socket.on("error", () => undefined).pause();
  socket.write(text);
  return socket;
}

/** Keeps these connections for a while. */
export async function holdOn(sockets: readonly Socket[], forMs: number): Promise<void> {
  await delay(forMs);
  for (const socket of sockets) socket.destroy();
}

/** Sends these bytes to the open queen, encrypted or not, and reads until she closes the connection. */
export async function exchange(
  { victims, random }: AttackContext,
  { text, isEncrypted }: { text: string; isEncrypted: boolean },
): Promise<Answer> {
  const how = { host: "127.0.0.1", port: victims.openPort, localAddress: anAddress(random) };
  const socket = isEncrypted ? connectTls({ ...how, rejectUnauthorized: false }) : connect(how);
  let said = "";
  socket
    .setEncoding("utf8")
    .on("error", () => undefined)
    .on("data", (chunk: string) => {
      said += chunk;
    })
    .setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.write(text);
  await once(socket, "close");
  const [head = "", ...rest] = said.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1] ?? CUT_OFF), headers: {}, text: rest.join("\r\n\r\n") };
}
