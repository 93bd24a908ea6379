import { t } from "../../i18n";
import { question } from "./question";
import { Dialog } from "./Dialog";

export function Confirm() {
  const asked = question.value;
  if (!asked) return null;
  return (
    <Dialog kind="card" label={asked.text} close={() => asked.answer(false)}>
      <p>{asked.text}</p>
      <div class="answers">
        <button type="button" class="btn" onClick={() => asked.answer(false)}>
          {t("cancel")}
        </button>
        <button type="button" class="btn danger" onClick={() => asked.answer(true)}>
          {asked.act}
        </button>
      </div>
    </Dialog>
  );
}
