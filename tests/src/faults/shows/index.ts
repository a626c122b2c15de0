// The shows, by name.
import { experimentsShow } from './experiments.js';
import { longLogShow } from './long-log.js';
import { registryShow } from './registry.js';
import { scaleShow } from './scale.js';
import type { Show } from './show.js';

export const SHOWS: readonly Show[] = [experimentsShow, registryShow, scaleShow, longLogShow];
