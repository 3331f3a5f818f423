import { styleText } from "node:util";

/** Colours for a terminal; plain text where standard output is none, or NO_COLOR is set. */
const paint = (format: Parameters<typeof styleText>[0]) => (text: string) => styleText(format, text);

export const bold = paint("bold");
export const dim = paint("dim");
export const green = paint("green");
export const red = paint("red");
export const yellow = paint("yellow");
