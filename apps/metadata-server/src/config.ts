/**
 * What the Metadata Server is configured with, by environment variable.
 */
import { COMMON_SETTINGS, type ConfigOf, setting } from '@tidemark/service';
import { z } from 'zod';

const databaseUrlSchema = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1;
}, 'expected postgres://user@host:port/database');

const { content: _content, ...common } = COMMON_SETTINGS;

export const SETTINGS = {
  ...common,
  /** This replica's own database. Made when it is missing, dropped by a rebuild that asks for it. */
  databaseUrl: setting('TIDEMARK_DATABASE_URL', databaseUrlSchema),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;
