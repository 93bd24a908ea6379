/** What wrote an answer. */
import type { RunReport } from "../../../core/api";

/** Provider and model, each once: the server's name of a model begins with the provider. */
export function nameOfModel({ provider, model }: Pick<RunReport, "provider" | "model">): string {
  const own = provider && model?.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model;
  return [provider, own].filter((part) => part).join(" · ");
}
