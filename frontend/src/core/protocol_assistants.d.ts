/** What servers with tools say besides protocol.ts, until that is made from their payload types. */
import type { User } from "./protocol";

declare module "./protocol" {
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

  interface ClientEvents {
    tool_answer: { payload: { id: string; approve: boolean }; reply: object };
  }

  interface ServerEvents {
    tool_request: ToolRequest;
    tool_settled: ToolSettled;
  }
}
