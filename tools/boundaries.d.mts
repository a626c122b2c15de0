export const LAYERS: Readonly<Record<string, readonly string[]>>;
export const DOORS: { readonly modules: readonly string[]; readonly globals: readonly string[] };
export const EXEMPT: readonly string[];
export const ONLY_IN: Readonly<Record<string, readonly string[]>>;
