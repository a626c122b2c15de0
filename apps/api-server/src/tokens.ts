// Names under which the composition offers what is no class of its own.
export const CLOCK = Symbol('clock');
