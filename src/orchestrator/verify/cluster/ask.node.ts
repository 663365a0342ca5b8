/** Runs in a container: no imports. */

export interface PodAnswer {
  url: string;
  /** 0 where none came; `text` says why then. */
  status: number;
  text: string;
}

/** What these addresses answer to a GET from there. */
export async function askFromPod(urls: readonly string[]): Promise<PodAnswer[]> {
  const timeoutMs = 10_000;
  const ask = async (url: string): Promise<PodAnswer> => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      return { url, status: response.status, text: (await response.text()).slice(0, 2_000) };
    } catch (error) {
      const { cause, message } = error as Error;
      return { url, status: 0, text: cause instanceof Error ? cause.message : message };
    }
  };
  return Promise.all(urls.map(ask));
}
