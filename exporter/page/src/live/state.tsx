// Whether the list is live, and what is to be known of that.

import type { Feed } from "./feed.ts";

interface Props {
  feed: Feed;
  /** Whether new events can match at all. */
  isOpen: boolean;
  isLive: boolean;
  toggle: () => void;
}

export function LiveState({ feed, isOpen, isLive, toggle }: Props) {
  if (!isOpen) return <p class="live-state soft">A time that has passed: nothing new comes.</p>;
  return (
    <div class="live-state">
      <span class={feed.trouble === null ? "soft" : "bad"}>{wordsFor(feed, isLive)}</span>
      <span class={isLive && feed.trouble === null ? "pulse on" : "pulse"}>{isLive ? "Live" : "Paused"}</span>
      <button
        type="button"
        class="button"
        title={isLive ? "Pause (space)" : "Go on (space)"}
        onClick={toggle}
      >
        {isLive ? "Pause" : "Resume"}
      </button>
    </div>
  );
}

function wordsFor(feed: Feed, isLive: boolean): string {
  if (!isLive) return "";
  if (feed.trouble !== null) return `${feed.trouble.message} Trying again.`;
  return feed.sampled ?? "";
}

/** What came while the reader looked at something. */
export function Held({ feed, onShow }: { feed: Feed; onShow: () => void }) {
  const { heldCount } = feed.list;
  if (heldCount === 0) return null;
  return (
    <div class="held">
      <button type="button" class="button main" onClick={onShow}>
        ↑ {heldCount.toLocaleString("en-US")} new
      </button>
    </div>
  );
}
