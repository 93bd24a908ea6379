/** The script of /settings. */
import "../styles/settings.css";
import { render } from "preact";
import { createClient } from "../core";
import { appElement, applyPreferences, readBoot } from "../ui/page/boot";
import { startNavigation } from "../ui/page/nav";
import { SettingsPage } from "../ui/settings/SettingsPage";

const client = createClient(readBoot());
applyPreferences(client.prefs);
startNavigation();
render(<SettingsPage client={client} />, appElement());
client.start();
