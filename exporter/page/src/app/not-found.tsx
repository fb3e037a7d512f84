// Where an address leads nowhere.

export function NotFound() {
  return (
    <p class="note">
      There is nothing here. <a href="/">See what is recorded.</a>
    </p>
  );
}
