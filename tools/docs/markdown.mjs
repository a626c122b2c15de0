// Pieces of Markdown, and pages with generated blocks: text between `<!-- generated: name -->` and `<!-- end -->` belongs
// to tools/docs.mjs, everything around it to people.

const escape = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** `rows` are arrays of cells, as Markdown. */
export function table(columns, rows) {
  const line = (cells) => `| ${cells.map(escape).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

export const code = (text) => `\`${text}\``;
export const codes = (texts) => texts.map(code).join(', ');

/** A duration as people say it; -1 is for ever. */
export function duration(ms) {
  if (ms < 0) return 'for ever';
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ];
  for (const [unit, size] of units) {
    if (ms % size === 0 && ms >= size) return `${ms / size} ${unit}${ms === size ? '' : 's'}`;
  }
  return `${ms} ms`;
}

export function size(bytes) {
  if (bytes < 0) return 'no limit';
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ]) {
    if (bytes % factor === 0 && bytes >= factor) return `${bytes / factor} ${unit}`;
  }
  return `${bytes} B`;
}

const BLOCK = /(<!-- generated: ([a-z-]+) -->)\n[\s\S]*?(<!-- end -->)/g;

/** The page with every block filled from `blocks` (name -> Markdown). Throws for a block that nobody makes. */
export function fill(page, blocks) {
  return page.replace(BLOCK, (_whole, begin, name, end) => {
    const make = blocks[name];
    if (make === undefined) throw new Error(`nobody makes the block "${name}"`);
    return `${begin}\n\n${make}\n\n${end}`;
  });
}

export const blockNames = (page) => [...page.matchAll(BLOCK)].map((match) => match[2]);
