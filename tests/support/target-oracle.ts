const UUID = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';

/** The paths that a GET finds something under, with the statuses that it may have there. */
const FOUND: Array<[path: RegExp, statuses: number[]]> = [
  // A slash at the end makes no difference.
  [/^\/\/?$/, [302]],
  [/^\/(health\/(live|ready)|openapi\.json|docs|api\/movies|api\/billing)\/?$/, [200]],
  [/^\/api\/movies\/[0-9]+\/?$/, [200, 404]],
  [new RegExp(`^/api/billing/${UUID}/?$`), [200, 404]],
];

const NOT_FOUND = [400, 404, 414];

/** The statuses that a GET of this path may be answered with. */
export function judgePath(path: string): number[] {
  const statuses = FOUND.find(([pattern]) => pattern.test(path))?.[1];
  if (statuses) return statuses;
  const plain = decode(path);
  // An escaped letter stands for the letter, if the server cares to know.
  const equivalent = plain === undefined ? undefined : FOUND.find(([pattern]) => pattern.test(plain))?.[1];
  return [...NOT_FOUND, ...(equivalent ?? [])];
}

/** The parameters that must be refused, and those for which either answer will do: they have escapes that are none. */
export function judgeQuery(
  list: string,
  parameters: Array<[name: string, value: string]>,
): { wrong: string[]; doubtful: string[] } {
  const judged = Object.entries(Object.groupBy(parameters, ([name]) => name)).map(([name, given = []]) => {
    const judge = judges.get(name);
    if (!judge || (name === 'title' && list !== '/api/movies')) return { name, is: 'good' };
    const value = decode(given[0]![1].replaceAll('+', ' '));
    if (given.length > 1) return { name, is: 'wrong' };
    return { name, is: value === undefined ? 'doubtful' : judge(value) };
  });
  const named = (is: string): string[] => judged.filter((one) => one.is === is).map(({ name }) => name);
  return { wrong: named('wrong'), doubtful: named('doubtful') };
}

type Judgement = 'good' | 'wrong' | 'doubtful';

const judges = new Map<string, (value: string) => Judgement>([
  ['limit', (value) => judgeNumber(value, 1, 100)],
  ['after', (value) => judgeNumber(value, 0, Number.MAX_SAFE_INTEGER)],
  ['title', (value) => (Array.from(value).length <= 255 && !value.includes('\0') ? 'good' : 'wrong')],
]);

function judgeNumber(text: string, min: number, max: number): Judgement {
  const isNumber = text !== '' && text.split('').every((digit) => digit >= '0' && digit <= '9');
  return isNumber && BigInt(text) >= BigInt(min) && BigInt(text) <= BigInt(max) ? 'good' : 'wrong';
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
