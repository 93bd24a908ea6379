import { notices } from "./notice";

/** What just happened, at the lower edge. */
export function Notices() {
  return (
    <div class="notices">
      {notices.value.map((notice) => (
        <p key={notice.id} class={`note pop${notice.tone === "bad" ? " bad" : ""}`} role={notice.tone === "bad" ? "alert" : "status"}>
          {notice.text}
        </p>
      ))}
    </div>
  );
}
