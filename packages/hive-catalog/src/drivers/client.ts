/** What a statement takes for a value. */
export type SqlValue = string | number | null | Uint8Array;

export type SqlStatement = { readonly sql: string; readonly args: readonly SqlValue[] };

/** Values in the order of the columns. */
export type SqlRow = readonly unknown[];

export type SqlResult = {
  readonly rows: readonly SqlRow[];
  /** Of a change without RETURNING. */
  readonly rowsAffected: number;
  /** The answer to an earlier attempt was lost: that one may have made the change already. */
  readonly isRepeat?: boolean;
};

/** How a request is made. */
export type RequestOptions = {
  /** When it has to end, by the monotonic clock; by default as long as the driver gives a request. For servers alone. */
  readonly deadlineMs?: number | undefined;
  /** Ends its waiting; what was handed over may still happen. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a change may be sent again when its answer is lost: only what is monotone, or inserts what is absent. Reads always are. */
  readonly isRepeatable?: boolean;
};

/** What the catalog needs of a database: a file, memory or a server. Errors are those of the driver, or a HiveCatalogError. */
export interface SqlClient {
  execute(statement: SqlStatement, options?: RequestOptions): Promise<SqlResult>;
  /** The first row of a query that finds one at most. */
  first(statement: SqlStatement, options?: RequestOptions): Promise<SqlRow | undefined>;
  /** Changes that happen together or not at all. The error of one that failed has its `statementIndex`. */
  batch(statements: readonly SqlStatement[], options?: RequestOptions): Promise<readonly SqlResult[]>;
  /** Rejects with what keeps changes from being made now, where that can be known without making one. */
  checkWritable(options?: RequestOptions): Promise<void>;
  close(): void;
}

/** A client as one call has it: what it asks for ends with the call. */
export type CallClient = Omit<SqlClient, "close">;

/** What runs single statements: a client, or a thread of its own. */
export type SqlExecutor = Pick<SqlClient, "execute">;

/** A statement without values. */
export function plain(sql: string): SqlStatement {
  return { sql, args: [] };
}
