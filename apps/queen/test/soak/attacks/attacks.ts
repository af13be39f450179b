import type { Attack } from "./attack.ts";
import { brokenOff, costlyBeats, emptyWorkers, otherBodies } from "./bodies.ts";
import { CAN_BE_OTHERS, otherUser } from "./file.ts";
import { hostileDevices, metadata, oddCharacters, silentSsh } from "./hosts.ts";
import { crossSite, expired, framed, otherNames, plainToTls } from "./open-door.ts";
import { longLists, manyStreams, unreadFiles } from "./unread.ts";

/** What callers, hosts and users of the machine are known to have tried, by the name under which the soak counts it. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "empty-workers": emptyWorkers,
  "other-bodies": otherBodies,
  "hostile-devices": hostileDevices,
  "unread-files": unreadFiles,
  "long-lists": longLists,
  "costly-beats": costlyBeats,
  "many-streams": manyStreams,
  ...(CAN_BE_OTHERS && { "other-user": otherUser }),
  "broken-off": brokenOff,
  "other-names": otherNames,
  "cross-site": crossSite,
  framed,
  metadata,
  "silent-ssh": silentSsh,
  "odd-characters": oddCharacters,
  expired,
  "plain-to-tls": plainToTls,
};
