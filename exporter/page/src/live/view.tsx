export function LiveView() {
  return <p>LiveView</p>;
}
