export function SessionView() {
  return <p>SessionView</p>;
}
