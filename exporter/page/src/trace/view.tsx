export function TraceView() {
  return <p>TraceView</p>;
}
