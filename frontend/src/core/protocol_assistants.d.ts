/** What servers with several assistants say besides protocol.ts, until that is made from their payload types. */
import type { MessageReply, User } from "./protocol";

declare module "./protocol" {
  interface RoomInfo {
    not_for_ai?: boolean;
  }

  interface Message {
    not_for_ai?: boolean;
  }

  interface PostMessage {
    not_for_ai?: boolean;
  }

  interface ToolRequest {
    id: string;
    room: string;
    message_id: string;
    assistant: User;
    tool: string;
    arguments: Record<string, unknown>;
    expires_at: string;
  }

  interface ToolSettled {
    id: string;
    room: string;
    state: "approved" | "refused" | "expired";
  }

  interface AiPrivacyReply {
    not_for_ai: boolean;
  }

  interface ClientEvents {
    continue: { payload: { message_id: string }; reply: MessageReply };
    not_for_ai: { payload: { message_id: string; on: boolean }; reply: MessageReply };
    ai_privacy: { payload: { room: string; not_for_ai: boolean }; reply: AiPrivacyReply };
    tool_answer: { payload: { id: string; approve: boolean }; reply: object };
  }

  interface ServerEvents {
    tool_request: ToolRequest;
    tool_settled: ToolSettled;
  }
}
