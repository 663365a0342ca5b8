import type { SuiteContext, TestContext } from 'node:test';

/** What something set up for tests lives as long as: a test, or a whole file when it is set up in the file's `before`. */
export type Scope = TestContext | SuiteContext;

export function testOf(scope: Scope): TestContext {
  if ('after' in scope) return scope;
  throw new Error('set this up in a test, or in a "before" outside of every suite');
}

/** Node tells since 21.7 whether a test passed; its type declarations do not know it yet. */
type Result = TestContext & { passed: boolean };

/** A test counts as passed before its subtests are looked at, so those are watched too. */
export function watchFailures(t: TestContext): () => boolean {
  let subtestFailed = false;
  t.afterEach((subtest) => {
    subtestFailed ||= !(subtest as Result).passed;
  });
  return () => subtestFailed || !(t as Result).passed;
}
