// The end of a list that has another page.

interface Props {
  loading: boolean;
  onMore: () => void;
  label?: string;
}

export function More({ loading, onMore, label = "More" }: Props) {
  return (
    <p class="more">
      <button type="button" class="button" disabled={loading} onClick={onMore}>
        {loading ? "Loading …" : label}
      </button>
    </p>
  );
}
