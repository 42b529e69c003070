/** The language of the page. */
export const language = (): string => document.documentElement.lang || 'en';

/** A number as people of that language write it. */
export const number = (value: number): string => value.toLocaleString(language(), { maximumFractionDigits: 2 });
