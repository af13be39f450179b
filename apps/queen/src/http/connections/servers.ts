import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import type { Arrivals } from "../../process/arrivals.ts";
import type { Clock } from "../../process/clock.ts";
import { Shares } from "../../process/shares.ts";
import { addressBlock } from "../../reach/addresses.ts";
import type { Caller } from "../door/caller.ts";
import { boundedRequest } from "./bounded-request.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { answerRaw } from "./raw-answer.ts";
import { SecureResponse } from "./security-headers.ts";

/** A certificate chain and its key, in PEM. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How long a caller may take; who is slower is cut off. All in milliseconds. */
export const TIMEOUTS = {
  /** From the opening of a connection, or the first byte of a later request, to the end of its headers. */
  headersMs: 10_000,
  /** For the whole of a request to arrive. */
  requestMs: 30_000,
  /** Without a byte either way while a request runs: an answer that nobody reads. */
  silenceMs: 60_000,
  /** Between two requests on one connection. */
  keepAliveMs: 72_000,
  /** How often the first two are looked at. */
  checkMs: 1000,
};
export type Timeouts = typeof TIMEOUTS;
const SAY_EVERY_MS = 60_000;
/** One hive needs a few, a router or a proxy of many of them some more. */
const MAX_OF_TOKEN = 512;
/** For operators, and for who has no token to show, such as whoever asks for `/health`. */
const MAX_KEPT = 100;
/** How OpenSSL calls a request in clear text, by its method. */
const NO_TLS: ReadonlySet<string> = new Set(["ERR_SSL_HTTP_REQUEST", "ERR_SSL_WRONG_VERSION_NUMBER"]);

interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of those from one address over which no request was let in yet. */
  readonly maxConnectionsPerAddress: number;
}

export interface ServersOptions {
  clock: Clock;
  log: FastifyBaseLogger;
  /** Without it, plain HTTP. */
  tls?: Tls | undefined;
  timeouts?: Timeouts | undefined;
  limits: ConnectionLimits;
  /** Told of each connection that is let in. */
  arrivals: Pick<Arrivals, "add">;
}

/** Makes the HTTP servers of the queen, one for each address that `localhost` stands for, and knows all their connections. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #servers = new Set<Server>();
  /** By their other end. */
  readonly #connections = new Map<string, Socket>();
  readonly #proven = new WeakSet<Socket>();
  readonly #shares: ConnectionShares;
  /** The connections that have proven nothing yet, with their addresses. */
  readonly #unproven = new Map<Socket, string>();
  readonly #unprovenShares: Shares;
  readonly #others: Server[] = [];
  #handler: RequestListener | undefined;
  #tls: Tls | undefined;
  /** When each of the lines was written that callers can bring about as often as they like. */
  readonly #saidAtMs = new Map<string, number>();

  constructor(options: ServersOptions) {
    this.#options = options;
    const { maxConnections, maxConnectionsPerAddress } = options.limits;
    this.#shares = new ConnectionShares(maxConnections);
    this.#unprovenShares = new Shares({ each: maxConnectionsPerAddress, inAll: Number.POSITIVE_INFINITY });
    this.#tls = options.tls;
  }

  create(handler: RequestListener): Server {
    this.#handler = handler;
    const serve = oneAtATime(handler);
    const server = this.#newServer(serve);
    const { timeouts = TIMEOUTS, limits } = this.#options;
    // Node would answer what it does not know with 417, past all limits.
    server.on("checkExpectation", serve);
    if (server instanceof TlsServer)
      server.on("tlsClientError", (error, socket) => this.#answerPlainHttp(error, socket));
    server.setTimeout(timeouts.silenceMs);
    server.maxConnections = limits.maxConnections;
    server.on("connection", (socket: Socket) => this.#watch(socket));
    server.on("drop", ({ remoteAddress }) =>
      this.#warn(
        remoteAddress,
        `there are ${limits.maxConnections} (--max-connections, or as many as the limit of open files leaves room for)`,
      ),
    );
    this.#servers.add(server);
    return server;
  }

  #newServer(serve: RequestListener): Server {
    const { timeouts = TIMEOUTS } = this.#options;
    const options = {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: timeouts.checkMs,
      ServerResponse: SecureResponse,
      IncomingMessage: boundedRequest((error, socket) => void server.emit("clientError", error, socket)),
    };
    const server: Server = this.#tls
      ? createTlsServer({ ...options, ...this.#tls, handshakeTimeout: timeouts.headersMs }, serve)
      : createServer(options, serve);
    return server;
  }

  /** Listens on these addresses too, where they can be had: `localhost` has two, and fastify's own server has one. */
  async listenAlso(hosts: readonly string[], port: number): Promise<void> {
    for (const host of hosts) {
      if (this.#handler === undefined) return;
      const server = this.create(this.#handler).listen({ host, port });
      try {
        await once(server, "listening");
        this.#others.push(server);
      } catch {
        this.#servers.delete(server);
      }
    }
  }

  /** Lets no more connections in at those addresses; resolves when those that are there have ended. */
  async closeOthers(): Promise<void> {
    await Promise.all(this.#others.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /** For the connections to come; those that are there go on as they are. Throws an Error for what cannot be used, and changes nothing. */
  setCertificate(tls: Tls): void {
    for (const server of this.#servers) if (server instanceof TlsServer) server.setSecureContext(tls);
    this.#tls = tls;
  }

  /** A request of this caller came over this connection. Answers whether that may be one more of his: it is his until it ends. */
  prove(socket: Socket, caller: Caller): boolean {
    if (this.#proven.has(socket)) return true;
    // The socket of a request over TLS is another than that of its connection; both have the same other end.
    const connection = this.#connections.get(peerOf(socket));
    if (connection !== undefined) {
      const giveBack = this.#shares.take(caller);
      if (giveBack === undefined) return false;
      connection.once("close", giveBack);
      this.#release(connection);
    }
    this.#proven.add(socket);
    return true;
  }

  /**
   * A connection whose request was running when its server closed stays open after the answer until someone ends it. One on which nothing
   * was ever sent does not count as idle for Node.
   */
  endIdleConnections(): void {
    for (const server of this.#servers) server.closeIdleConnections();
    for (const socket of this.#connections.values()) if (socket.bytesRead === 0) socket.destroy();
  }

  closeAllConnections(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  #watch(socket: Socket): void {
    const address = addressBlock(socket.remoteAddress);
    const peer = peerOf(socket);
    if (!this.#unprovenShares.take(address, 1)) {
      socket.destroy();
      const { maxConnectionsPerAddress } = this.#options.limits;
      this.#warn(address, `${maxConnectionsPerAddress} from there did nothing yet (--max-connections-per-address)`);
      return;
    }
    this.#makeRoom();
    this.#options.arrivals.add();
    this.#unproven.set(socket, address);
    this.#connections.set(peer, socket);
    socket.once("close", () => {
      // Its caller may be back from the same port by now.
      if (this.#connections.get(peer) === socket) this.#connections.delete(peer);
      this.#release(socket);
    });
  }

  /** Where the last connections are taken by who has proven nothing, the first of them gives way: whoever has something to say says it at once. */
  #makeRoom(): void {
    if (this.#connections.size < this.#options.limits.maxConnections - this.#shares.kept) return;
    const [first] = this.#unproven.keys();
    first?.destroy();
  }

  #release(connection: Socket): void {
    const address = this.#unproven.get(connection);
    if (address === undefined) return;
    this.#unproven.delete(connection);
    this.#unprovenShares.giveBack(address, 1);
  }

  /** Whoever left the s out of https:// would see an empty answer. Nothing can be sent over TLS yet, but over the connection below it. */
  #answerPlainHttp(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(peerOf(socket));
    if (connection === undefined || !NO_TLS.has(error.code ?? "")) return;
    answerRaw(connection, 400, "text/plain; charset=utf-8", "This port speaks HTTPS: the URL begins with https://\n");
    if (!this.#isDue("plain HTTP")) return;
    this.#options.log.info(
      { address: connection.remoteAddress },
      "plain HTTP came to the port of HTTPS, and perhaps more within the minute",
    );
  }

  #warn(address: string | undefined, why: string): void {
    if (!this.#isDue("refused")) return;
    this.#options.log.warn({ address }, `a connection was refused, and perhaps more within the minute: ${why}`);
  }

  #isDue(line: string): boolean {
    const nowMs = this.#options.clock.monotonicNow();
    if (nowMs - (this.#saidAtMs.get(line) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return false;
    this.#saidAtMs.set(line, nowMs);
    return true;
  }
}

/** Who may hold how many of all connections. What proxies share among many callers is an operator's token. */
class ConnectionShares {
  /** As many as whoever has proven nothing, and operators, find free whatever the others hold. */
  readonly kept: number;
  readonly #operators: Shares;
  readonly #others: Shares;

  constructor(maxConnections: number) {
    const quarter = Math.ceil(maxConnections / 4);
    this.kept = Math.min(MAX_KEPT, Math.floor(maxConnections / 20));
    this.#operators = new Shares({ each: quarter, inAll: maxConnections });
    this.#others = new Shares({ each: Math.min(quarter, MAX_OF_TOKEN), inAll: maxConnections - this.kept });
  }

  /** Takes one connection for a caller; what gives it back, or undefined when it has no more. */
  take({ role, tokenId }: Caller): (() => void) | undefined {
    if (tokenId === null) return () => undefined;
    const shares = role === "operator" ? this.#operators : this.#others;
    return shares.take(tokenId, 1) ? () => shares.giveBack(tokenId, 1) : undefined;
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}|${remotePort}`;
