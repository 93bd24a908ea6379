import type { UploadInfo } from "../../core/api";
import { t } from "../../i18n";
import { Icon } from "../icon";

/** Files with a message, each as a card with its name and size. */
export function Uploads({ of }: { of: readonly UploadInfo[] }) {
  return (
    <ul class="files" aria-label={t("file")}>
      {of.map((upload) => (
        <li key={upload.id} class="file">
          <Icon name="file" />
          <bdi class="grow clip">{upload.name}</bdi>
          <span class="muted">{sizeOf(upload.size)}</span>
        </li>
      ))}
    </ul>
  );
}

const UNITS = ["B", "kB", "MB", "GB"];

/** 1234567 → 1.2 MB */
export function sizeOf(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
