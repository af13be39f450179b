import { defineConfig } from "drizzle-kit";
import { databaseSettings } from "./packages/hive-catalog/scripts/database-settings.ts";
import { databaseUrl } from "./packages/hive-catalog/src/sql/location.ts";

const { location, authToken } = databaseSettings();

/** The same database, from the same variables and with the same default, as the queen's. */
export default defineConfig({
  dialect: "turso",
  schema: "./packages/hive-catalog/src/schema.ts",
  out: "./packages/hive-catalog/drizzle",
  dbCredentials: { url: databaseUrl(location), ...(authToken === undefined ? {} : { authToken }) },
});
