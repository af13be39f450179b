/** From the working folder, as every path: `pnpm` runs in the repository's. */
const DEFAULT_DATABASE = "data/hives.db";

/** Where the catalog is, from the same variables and with the same default as the queen's. */
export function databaseSettings(): { location: string; authToken: string | undefined } {
  const { QUEEN_DATABASE: location = DEFAULT_DATABASE, QUEEN_DATABASE_AUTH_TOKEN: authToken } = process.env;
  return { location, authToken: authToken || undefined };
}
