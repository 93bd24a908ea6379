import type { ChatClient } from "../../core/api";
import { t, type Key } from "../../i18n";
import { Icon, type IconName } from "../icon";

type Theme = "system" | "light" | "dark";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const LOOKS: Record<Theme, { icon: IconName; label: Key }> = {
  system: { icon: "half", label: "theme_system" },
  light: { icon: "sun", label: "theme_light" },
  dark: { icon: "moon", label: "theme_dark" },
};

/** Steps through the three themes. */
export function ThemeButton({ client }: { client: ChatClient }) {
  const { theme } = client.prefs;
  const label = `${t("s_theme")}: ${t(LOOKS[theme.value].label)}`;
  return (
    <button type="button" class="icon" aria-label={label} title={label} onClick={() => (theme.value = NEXT[theme.peek()])}>
      <Icon name={LOOKS[theme.value].icon} />
    </button>
  );
}
