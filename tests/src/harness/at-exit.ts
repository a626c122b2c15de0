/**
 * What must be undone even when the process ends in the middle: processes killed, mounts and namespaces taken away. Holds
 * the undos that are due, last first; each is registered before what it undoes is done.
 */
const due = new Set<() => void>();
let isHooked = false;

/** Answers how to say that it is undone. `undo` may not wait for anything. */
export function atExit(undo: () => void): () => void {
  if (!isHooked) process.on('exit', undoAll);
  isHooked = true;
  due.add(undo);
  return () => due.delete(undo);
}

function undoAll(): void {
  for (const undo of [...due].reverse()) undo();
  due.clear();
}
