// Reads a stream of server-sent events (WHATWG HTML, section 9.2), however it is cut into pieces.

/** One block of the stream; `data` is null when it holds nothing to tell, such as a heartbeat or a hint. */
export interface ServerSentEvent {
  /** Undefined when the block says nothing of it. */
  readonly id: string | undefined;
  readonly data: string | null;
  /** How long to wait before connecting again, if said. */
  readonly retryMs: number | undefined;
}

/** A function that takes the next piece of text and gives the blocks which it completes. */
export function createEventReader(): (piece: string) => ServerSentEvent[] {
  let rest = '';
  let block: string[] = [];
  return (piece) => {
    // A carriage return at the very end may be half of a line end.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line !== '') block.push(line);
      else if (block.length > 0) {
        events.push(eventOf(block));
        block = [];
      }
    }
    return events;
  };
}

function eventOf(block: readonly string[]): ServerSentEvent {
  const fields = block.map(fieldOf);
  const last = (name: string) => fields.findLast((field) => field.name === name)?.value;
  const data = fields.filter(({ name }) => name === 'data').map(({ value }) => value);
  const retry = last('retry');
  return {
    id: last('id'),
    data: data.length === 0 ? null : data.join('\n'),
    retryMs: retry !== undefined && /^\d+$/.test(retry) ? Number(retry) : undefined,
  };
}

/** A comment is a field without a name. */
function fieldOf(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  if (colon < 0) return { name: line, value: '' };
  return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') };
}
