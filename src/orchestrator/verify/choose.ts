import { chooseWord } from '../command.ts';
import { UsageError } from '../failure.ts';
import type { Check } from './check.ts';

/**
 * The checks that are meant, in their own order. An id stands for itself, or a group's name for all of the group.
 * @param only lists of ids with commas between; all when empty
 * @param skip the same, of those that are left out
 * @throws UsageError that names the nearest id
 */
export function chooseChecks(checks: readonly Check[], only: readonly string[], skip: readonly string[]): Check[] {
  const [wanted, unwanted] = [idsIn(only, checks), idsIn(skip, checks)];
  const chosen = checks.filter(({ id }) => (only.length === 0 || wanted.has(id)) && !unwanted.has(id));
  if (chosen.length === 0) throw new UsageError('--skip leaves nothing to look at');
  return chosen;
}

function idsIn(lists: readonly string[], checks: readonly Check[]): Set<string> {
  const known = checks.map(({ id }) => id);
  const groups = new Set(known.map((id) => id.split('.', 1)[0] ?? id));
  const words = lists.flatMap((list) => list.split(',')).filter((word) => word !== '');
  return new Set(
    words.flatMap((word) =>
      groups.has(word) ? known.filter((id) => id.startsWith(`${word}.`)) : chooseWord('check', word, known),
    ),
  );
}
