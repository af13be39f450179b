import manifest from "../../package.json" with { type: "json" };
import { refuseNames } from "./small-list.ts";
import type { AddVerb } from "./verb.ts";

export const addVersion: AddVerb = (parent, does) => {
  parent
    .command("version")
    .description("Shows the version of hivectl.")
    .action(
      does(async (session) => {
        refuseNames(session);
        const { version } = manifest;
        await session.show({ version, node: process.version }, () => `hivectl ${version}, Node ${process.version}\n`);
      }),
    );
};
