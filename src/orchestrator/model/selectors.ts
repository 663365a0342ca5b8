import type { LabelSelector, Labels } from './kubernetes.ts';

/** Whether labels fit a selector; the empty one fits all, an absent one none. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const pairs = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  return pairs.every(([key, value]) => labels[key] === value) && expressions.every((each) => fits(each, labels));
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

function fits({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}
