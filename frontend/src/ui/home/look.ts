/** Theme of the pages that the server draws, as chosen in this browser; their language stands in them already. */
import { browserShelf, preferences } from "../../core/prefs";
import { applyTheme } from "../page/theme";

export function keepLook(): void {
  applyTheme(preferences(browserShelf()));
}
