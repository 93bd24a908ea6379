/** One entry of the timeline: what stands above it (day, New line), then the message. */
import { useComputed } from "@preact/signals";
import type { Row } from "../../core/api";
import { clock, day, moment, t } from "../../i18n";
import { NotForAiMark } from "../assistants/NotForAi";
import { RunNote } from "../assistants/RunNote";
import { Avatar } from "../people/Avatar";
import type { RoomView } from "../page/view";
import type { Item } from "../timeline/items";
import { AnswerBody, Body } from "./Body";
import { DeliveryNote, RefusalNote } from "./Delivery";
import { nameOf } from "./names";
import { Quote } from "./Quote";
import { Reactions } from "./Reactions";
import { Receipts } from "./Receipts";
import { systemSentence } from "./System";
import { Toolbar } from "./Toolbar";
import { Uploads } from "./Uploads";

interface RowProps {
  item: Item;
  view: RoomView;
}

export function MessageRow({ item, view }: RowProps) {
  const message = item.row.message.value;
  return (
    <>
      {item.newDay && (
        <div class="mark">
          <span>{day(new Date(message.created_at))}</span>
        </div>
      )}
      {item.line && (
        <div class="mark new">
          <span>{t("new_line")}</span>
        </div>
      )}
      {message.type === "system" ? <SystemRow item={item} /> : <TextRow item={item} view={view} />}
    </>
  );
}

function SystemRow({ item }: { item: Item }) {
  const message = item.row.message.value;
  return (
    <article class="msg system" tabIndex={-1}>
      {systemSentence(message, item.folded.length)} <Time at={message.created_at} />
    </article>
  );
}

function Time({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={moment(date)}>
      {clock(date)}
    </time>
  );
}

function TextRow({ item, view }: RowProps) {
  const { row, first } = item;
  const message = row.message.value;
  const me = view.me?.id;
  const own = message.sender.id === me;
  const answer = message.sender.kind === "assistant";
  const marked = useComputed(() => view.marked.value === row.key).value;
  const hit = !own && message.mentions.some((mention) => mention.user_id === me);
  const classes = ["msg", own ? "own" : "", first ? "first" : "", answer ? "ai" : "", hit ? "hit" : "", marked ? "marked" : ""];
  const name = nameOf(view, message.sender);
  return (
    <article class={classes.filter(Boolean).join(" ")} tabIndex={-1} aria-label={labelOf(name, own, hit, row)}>
      {first && !own && <Avatar user={message.sender} look={answer ? view.roster.lookOf(message.sender.id) : null} />}
      <div class="main">
        {first && <Head row={row} view={view} own={own} name={name} />}
        {message.deleted_at !== null ? (
          <p class="text gone">{t("deleted")}</p>
        ) : (
          <>
            <Quote row={row} view={view} />
            <div class="bubble">
              {answer ? <AnswerBody row={row} view={view} /> : <Body row={row} view={view} />}
              {message.edited_at !== null && !answer && (
                <span class="edited" title={moment(new Date(message.edited_at))}>
                  {t("edited")}
                </span>
              )}
              <NotForAiMark row={row} />
              <Receipts row={row} view={view} />
              {own && <Toolbar row={row} view={view} />}
            </div>
            {message.uploads.length > 0 && <Uploads of={message.uploads} />}
            <Reactions row={row} view={view} />
            <RunNote row={row} view={view} />
            <DeliveryNote row={row} view={view} />
            {(own || answer) && <RefusalNote row={row} view={view} />}
          </>
        )}
      </div>
      {!own && <Toolbar row={row} view={view} />}
    </article>
  );
}

/** Name and time; of mine the time alone. */
function Head({ row, view, own, name }: { row: Row; view: RoomView; own: boolean; name: string }) {
  const { sender, created_at } = row.message.value;
  return (
    <header class="head">
      {!own && <bdi class="name">{name}</bdi>}
      {sender.kind === "assistant" && <span class="tag">{view.roster.isDemo(sender.id) ? t("demo") : t("ai")}</span>}
      {sender.kind === "guest" && !own && <span class="tag plain">{t("as_guest")}</span>}
      <Time at={created_at} />
    </header>
  );
}

/** What a screen reader says first when the row has the focus; the text itself follows from the page. */
function labelOf(name: string, own: boolean, hit: boolean, row: Row): string {
  const message = row.message.value;
  const parts = [own ? t("you") : name, clock(new Date(message.created_at))];
  if (message.reply_to) parts.push(t("say_reply", { name: message.reply_to.sender.name }));
  if (hit) parts.push(t("mentions_you"));
  return parts.join(", ");
}
