const longest = 300;

/** Text of somebody else, cut and without what a terminal or a page could take for anything but text. */
export const showText = (text: string): string => text.slice(0, longest).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '\ufffd');
