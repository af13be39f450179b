import { X509Certificate } from "node:crypto";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../../process/clock.ts";
import type { Metrics } from "../../telling/metrics.ts";
import type { Tls } from "./servers.ts";

const DAY_MS = 86_400_000;
/** Who renews by machine does so sooner, and who does it by hand has the time to. */
const WARN_BEFORE_MS = 14 * DAY_MS;
const PEM = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

interface Options {
  clock: Clock;
  log: FastifyBaseLogger;
  metrics: Pick<Metrics, "certificateExpiry">;
}

/** Warns when the queen's certificate has expired or soon will: at once when it is taken up, then once a day. */
export class CertificateWatch {
  readonly #options: Options;
  #first: { subject: string; expiresAtMs: number } | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(options: Options) {
    this.#options = options;
    options.metrics.certificateExpiry.read = () => this.#first && this.#first.expiresAtMs / 1000;
    this.#timer = setInterval(() => this.#warnIfDue(), DAY_MS).unref();
  }

  /** The one that is shown from now on. */
  watch({ cert }: Tls): void {
    this.#first = firstToExpire(cert.toString());
    this.#warnIfDue();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #warnIfDue(): void {
    if (this.#first === undefined) return;
    const { subject, expiresAtMs } = this.#first;
    const leftMs = expiresAtMs - this.#options.clock.now();
    if (leftMs > WARN_BEFORE_MS) return;
    const what =
      leftMs > 0
        ? `the TLS certificate expires in ${Math.floor(leftMs / DAY_MS)} days: renew it, and send SIGHUP`
        : "the TLS certificate has expired, hives and callers refuse it: renew it, and send SIGHUP";
    this.#options.log.warn({ subject, expires_at: new Date(expiresAtMs).toISOString() }, what);
  }
}

/** Of a certificate and its chain: a caller that needs any one of them that has expired refuses all. */
function firstToExpire(pem: string): { subject: string; expiresAtMs: number } | undefined {
  return (pem.match(PEM) ?? [])
    .map((text) => new X509Certificate(text))
    .map(({ subject, validTo }) => ({ subject: subject.replaceAll("\n", ", "), expiresAtMs: Date.parse(validTo) }))
    .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)[0];
}
