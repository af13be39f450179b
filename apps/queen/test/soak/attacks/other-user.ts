/** Run as another user than the queen's: tries to open the files of the catalog that is its argument, and prints a line for each that it may. */
import { closeSync, constants, openSync } from "node:fs";

const [, , database = ""] = process.argv;
for (const path of ["", "-wal", "-shm"].map((suffix) => database + suffix)) {
  for (const flags of [constants.O_RDONLY, constants.O_RDWR]) {
    try {
      closeSync(openSync(path, flags));
      console.log(`another user could open ${path}, and so hold a lock on it`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EACCES") console.log(`another user got ${code} from ${path}, not EACCES`);
    }
  }
}
