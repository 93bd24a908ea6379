import type { ErrorCode, Error as WireError } from "./protocol";

/** Why something did not happen: the server's codes, and `network` when no answer came. */
export type FailureCode = ErrorCode | "network";

export type BudgetScope = NonNullable<WireError["budget"]>;

/** A refusal or a failure. `message` is English and for logs: what people read is translated from `code`. */
export class ChatError extends Error {
  readonly code: FailureCode;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | null;
  readonly requestId: string | null;
  /** Of `budget_exceeded`: whose budget is used up, where the server says. */
  readonly budget: BudgetScope | null;

  constructor(
    code: FailureCode,
    message: string,
    retryAfter: number | null = null,
    requestId: string | null = null,
    budget: BudgetScope | null = null,
  ) {
    super(message);
    this.name = "ChatError";
    this.code = code;
    this.retryAfter = retryAfter;
    this.requestId = requestId;
    this.budget = budget;
  }

  static from(error: WireError): ChatError {
    return new ChatError(error.code, error.message, error.retry_after ?? null, error.request_id ?? null, error.budget ?? null);
  }

  /** The same request may succeed later, unchanged; with the same client_id it is safe to repeat. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}

const RETRYABLE: ReadonlySet<FailureCode> = new Set(["network", "overloaded", "unavailable", "rate_limited"]);

/** Whatever was thrown, as a ChatError; what is not one had no answer from the server. */
export function asChatError(thrown: unknown): ChatError {
  if (thrown instanceof ChatError) return thrown;
  return new ChatError("network", thrown instanceof Error ? thrown.message : String(thrown));
}
