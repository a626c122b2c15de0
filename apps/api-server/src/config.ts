/**
 * What the API Server is configured with, by environment variable.
 */
import { COMMON_SETTINGS, setting, type ConfigOf } from '@tidemark/service';
import { z } from 'zod';

export const SETTINGS = {
  ...COMMON_SETTINGS,
  /** Holds the one admin key of this stack; written by whoever starts it. */
  apiKeyFile: setting('TIDEMARK_API_KEY_FILE', z.string()),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;
