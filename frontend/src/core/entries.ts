/** Where unsent messages are kept, so that neither a reload nor a crash loses one. */
import type { FailureCode } from "./errors";
import type { ReplyTo } from "./protocol";

/** An unsent message. */
export interface Entry {
  readonly client_id: string;
  readonly user_id: string;
  readonly room: string;
  readonly body: string;
  readonly reply_to: ReplyTo | null;
  /** No assistant is to see it. */
  readonly not_for_ai?: boolean;
  /** When it was sent by its author (ms); later ones of a room go out later, so no two of a tab are equal. */
  readonly at: number;
  /** Set when the server refused it for good. */
  readonly failed: { readonly code: FailureCode; readonly retryAfter: number | null } | null;
}

export interface EntryStore {
  /** One person's entries, oldest first. */
  all(userId: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(clientId: string): Promise<void>;
}

export function memoryEntries(): EntryStore {
  const entries = new Map<string, Entry>();
  return {
    all: async (userId) => inOrder([...entries.values()].filter((entry) => entry.user_id === userId)),
    put: async (entry) => void entries.set(entry.client_id, entry),
    remove: async (clientId) => void entries.delete(clientId),
  };
}

const DATABASE = "chatapp";
const STORE = "outbox";
/** Some private windows never answer an open. */
const OPEN_TIMEOUT_MS = 2_000;

/**
 * IndexedDB, shared by all tabs of a browser. What it does not take (no IndexedDB, a full disk) is kept in memory:
 * it is sent all the same, and only a reload would lose it.
 */
export function browserEntries(): EntryStore {
  const memory = memoryEntries();
  const database = open();
  async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const transaction = (await database).transaction(STORE, mode, { durability: "strict" });
    const request = act(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("IndexedDB"));
    });
  }
  return {
    async all(userId) {
      const kept = await within<Entry[]>("readonly", (store) => store.getAll()).catch(() => []);
      const entries = new Map(kept.filter((entry) => entry.user_id === userId).map((entry) => [entry.client_id, entry]));
      // What the database did not take is newer than what it has.
      for (const entry of await memory.all(userId)) entries.set(entry.client_id, entry);
      return inOrder([...entries.values()]);
    },
    async put(entry) {
      try {
        await within("readwrite", (store) => store.put(entry));
      } catch {
        return memory.put(entry);
      }
      await memory.remove(entry.client_id);
    },
    async remove(clientId) {
      await memory.remove(clientId);
      await within("readwrite", (store) => store.delete(clientId)).catch(() => undefined);
    },
  };
}

function open(): Promise<IDBDatabase> {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "client_id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
    setTimeout(() => reject(new Error("IndexedDB does not answer")), OPEN_TIMEOUT_MS);
  });
  // Each use hears of the failure by itself; none of them needs it twice.
  opened.catch(() => undefined);
  return opened;
}

function inOrder(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => a.at - b.at || (a.client_id < b.client_id ? -1 : 1));
}
