/**
 * Which names a topic may have. A name becomes a directory and a metric, which is where the rules come from
 * (Kafka's `Topic` class has the same ones). Pure.
 */

const NAME_LENGTH_MAX = 249;

/** What is wrong with a name, as a sentence; nothing when it is legal. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: it is empty';
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is a directory`;
  if (name.length > NAME_LENGTH_MAX) {
    return `Topic name is invalid: it has ${name.length} characters, at most ${NAME_LENGTH_MAX} are allowed`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `Topic name is invalid: '${printable(name)}' has characters other than letters, digits, '.', '_' and '-'`;
  }
  return undefined;
}

/** Two names with the same key cannot be told apart in metrics, where '.' is written '_'. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}

/** Fit for an error message: control characters and the like shown as escapes. */
function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1);
}
