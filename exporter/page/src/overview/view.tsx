export function OverviewView() {
  return <p>OverviewView</p>;
}
