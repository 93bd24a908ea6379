/** The script of /admin. */
import "../styles/admin.css";
import { render } from "preact";
import { createClient } from "../core";
import { AdminPage } from "../ui/admin/AdminPage";
import { appElement, applyPreferences, readBoot } from "../ui/page/boot";

const boot = readBoot();
applyPreferences(createClient(boot).prefs);
if (boot.user) render(<AdminPage me={boot.user} />, appElement());
