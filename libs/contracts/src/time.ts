/**
 * Times as messages carry them: UTC with milliseconds, `2026-01-31T12:00:00.000Z`. Equal times have equal texts, and
 * texts sort as times do. Pure arithmetic on the proleptic Gregorian calendar, for years 0 to 9999.
 */

const DAY_MS = 86_400_000;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAY = 719_468;
/** Days in 400 years. */
const ERA_DAYS = 146_097;

const two = (value: number): string => String(value).padStart(2, '0');

/** `ms`: milliseconds since 1970, as a `Clock` tells them. */
export function formatTime(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const inDay = Math.floor(ms - days * DAY_MS);
  // Counting years from March puts the leap day last, so that months follow one formula (Hinnant's days-to-civil).
  const shifted = days + EPOCH_DAY;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const seconds = Math.floor(inDay / 1000);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}.${String(inDay % 1000).padStart(3, '0')}Z`;
}
