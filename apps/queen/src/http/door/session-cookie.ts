/** The cookie of sessions: where browsers come over TLS they send it over nothing else, and only she herself can have set it. */
export class SessionCookie {
  readonly #isSecure: boolean;
  readonly #name: string;
  readonly #pattern: RegExp;

  constructor(isSecure: boolean) {
    this.#isSecure = isSecure;
    this.#name = isSecure ? "__Host-queen_session" : "queen_session";
    this.#pattern = new RegExp(`(?:^|;)\\s*${this.#name}=([\\w-]{43})(?=\\s*(?:;|$))`);
  }

  in(header: string | undefined): string | undefined {
    return header === undefined ? undefined : this.#pattern.exec(header)?.[1];
  }

  /** The value of Set-Cookie. A path of `/` works behind a proxy that adds a prefix, too. */
  set(value: string, maxAgeMs: number): string {
    const secure = this.#isSecure ? "; Secure" : "";
    return `${this.#name}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${Math.floor(maxAgeMs / 1000)}${secure}`;
  }

  clear(): string {
    return this.set("", 0);
  }
}
