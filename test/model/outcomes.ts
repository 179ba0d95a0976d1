export const OUTCOMES: readonly string[] = [];
