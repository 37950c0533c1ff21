/** Words in the page's language: `<html data-lang>`; each module brings its own small dictionary [Chinese, English]. */
export type Pair = readonly [zh: string, en: string];
export type Values = Record<string, string | number>;

export const english = (): boolean => document.documentElement.dataset["lang"]?.startsWith("en") ?? false;

export function pick([zh, en]: Pair, values: Values = {}): string {
  return (english() ? en : zh).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const dictionary =
  <T extends Record<string, Pair>>(words: T) =>
  (key: keyof T, values?: Values): string =>
    pick(words[key] as Pair, values);

/** `12.4 MB`, decimal units as storage is sold. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
