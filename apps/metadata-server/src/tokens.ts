/**
 * Names under which NestJS hands out what is no class.
 */
export const REPLICA = Symbol('replica');
export const LOGGER = Symbol('logger');
