/** What the room itself says, translated from its kind. */
import type { Message, User } from "../../core/api";
import { t, type Key } from "../../i18n";

type Params = Record<string, unknown>;

const nameIn = (params: Params, field: string): string => {
  const value = params[field];
  if (typeof value === "string") return value;
  return (value as User | undefined)?.name ?? "?";
};

const ROLES: Record<string, Key> = {
  owner: "role_owner",
  moderator: "role_moderator",
  member: "role_member",
  readonly: "role_readonly",
};

/** The sentence of a system message; an unknown kind has one too, because newer servers tell older pages. */
export function systemSentence(message: Message, folded: number): string {
  const params = message.params ?? {};
  const name = nameIn(params, "user");
  const by = nameIn(params, "by");
  switch (params["kind"]) {
    case "joined":
      return folded === 0 ? t("sys_joined", { name }) : t("sys_joined_many", { n: folded + 1, name, more: folded });
    case "left":
      return t("sys_left", { name });
    case "removed":
      return t("sys_removed", { name, by });
    case "added":
      return t("sys_added", { name, by });
    case "created":
      return t("sys_room_created", { name: by });
    case "renamed":
      return t("sys_room_renamed", { by, to: nameIn(params, "name") });
    case "role":
      return t("sys_role_changed", { by, name, role: t(ROLES[String(params["role"])] ?? "role_member") });
    default:
      return t("sys_other");
  }
}
