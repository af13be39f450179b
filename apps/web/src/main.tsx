import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { followLinks } from "./state/place.ts";
import { followCodes, meet } from "./state/session.ts";
import { applyTheme } from "./state/theme.ts";
import "./style/main.css";

applyTheme();
followLinks();
followCodes();
listenToKeys();
void meet();
render(<App />, document.body);
