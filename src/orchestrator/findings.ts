/** Something that was looked at, and what to do about it where it is not as it should be. */
export interface Finding {
  /** `error` keeps the system from working, `warning` is worth knowing, `ok` is as it should be. */
  level: 'ok' | 'warning' | 'error';
  /** What was looked at: a tool, a pod, a port. */
  subject: string;
  /** What was found, in a sentence. */
  message: string;
  /** What to do now; commands that can be pasted. Present unless the level is `ok`. */
  cure?: string;
}
