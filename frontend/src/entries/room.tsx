/** The script of /r/<slug> and /r/<slug>/<seq>. */
import "../styles/room.css";
import { render } from "preact";
import { createClient } from "../core";
import { appElement, applyPreferences, fitToKeyboard, readBoot } from "../ui/page/boot";
import { startNavigation } from "../ui/page/nav";
import { RoomPage } from "../ui/page/RoomPage";

const client = createClient(readBoot());
applyPreferences(client.prefs);
fitToKeyboard();
startNavigation();
render(<RoomPage client={client} />, appElement());
client.start();
