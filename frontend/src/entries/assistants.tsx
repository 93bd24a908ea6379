/** The script of /r/<slug>/assistants. */
import "../styles/assistants_page.css";
import { render } from "preact";
import { createClient } from "../core";
import { AssistantsPage } from "../ui/assistants/settings/AssistantsPage";
import { appElement, applyPreferences, readBoot } from "../ui/page/boot";
import { startNavigation } from "../ui/page/nav";

const slug = decodeURIComponent(/^\/r\/([^/]+)\/assistants/.exec(location.pathname)?.[1] ?? "");
const client = createClient(readBoot());
applyPreferences(client.prefs);
startNavigation();
render(<AssistantsPage client={client} slug={slug} />, appElement());
client.start();
