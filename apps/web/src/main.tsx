import { render } from "preact";
import { App } from "./app.tsx";
import { listenToKeys } from "./keys.ts";
import { followLinks } from "./state/place.ts";
import { meet } from "./state/session.ts";
import { applyTheme } from "./state/theme.ts";
import "./style/main.css";

applyTheme();
followLinks();
listenToKeys();
void meet();
render(<App />, document.body);
