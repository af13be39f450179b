import type { InArgs, InStatement, ResultSet, Transaction } from "@libsql/client";

type TransactionParts = {
  run: (sql: string, args?: InArgs) => ResultSet;
  exec: (sql: string) => void;
  /** Never fails because there is nothing to roll back. */
  rollback: () => void;
  end: () => void;
};

/** An open transaction on the one connection of an `EmbeddedClient`. */
export class EmbeddedTransaction implements Transaction {
  readonly #parts: TransactionParts;
  closed = false;

  constructor(parts: TransactionParts) {
    this.#parts = parts;
  }

  async execute(statement: InStatement): Promise<ResultSet> {
    return typeof statement === "string" ? this.#parts.run(statement) : this.#parts.run(statement.sql, statement.args);
  }

  async batch(statements: InStatement[]): Promise<ResultSet[]> {
    const results: ResultSet[] = [];
    for (const statement of statements) results.push(await this.execute(statement));
    return results;
  }

  async executeMultiple(sql: string): Promise<void> {
    this.#parts.exec(sql);
  }

  async commit(): Promise<void> {
    this.#finish(() => this.#parts.exec("COMMIT"));
  }

  async rollback(): Promise<void> {
    this.close();
  }

  close(): void {
    this.#finish(this.#parts.rollback);
  }

  #finish(how: () => void): void {
    if (this.closed) return;
    this.closed = true;
    try {
      how();
    } catch (error) {
      this.#parts.rollback();
      throw error;
    } finally {
      this.#parts.end();
    }
  }
}
