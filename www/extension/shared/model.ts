/** Models that can be chosen in the panel; the weights of both are in the extension. */
export const MODELS = ['compact', 'standard'] as const;
export type Model = (typeof MODELS)[number];

/** Why the compact model answered in place of the chosen one. */
export const INSTEAD = ['memory', 'other'] as const;
export type Instead = (typeof INSTEAD)[number];
