//! The terminal as a screen: drawn in place, and as it was before when this ends, however it ends.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    panic, thread,
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

/// The alternate screen, without the cursor, and without breaking lines.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// What lies between these, terminals show at once; those that do not know them pass them over.
/// <https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036>
const BEGIN: &str = "\u{1b}[?2026h\u{1b}[H";
const END: &str = "\u{1b}[J\u{1b}[?2026l";

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u8);

impl Key {
    /// `q`, and Ctrl-C, which is no signal here.
    pub(super) fn ends(self) -> bool {
        const CTRL_C: u8 = 3;
        matches!(self.0, b'q' | b'Q' | CTRL_C)
    }
}

/// The keys that are pressed from now on; none if standard input is no terminal.
pub(super) fn keys() -> mpsc::Receiver<Key> {
    let (sender, keys) = mpsc::channel(16);
    if io::stdin().is_terminal() {
        thread::spawn(move || {
            for key in io::stdin().lock().bytes().map_while(Result::ok) {
                if sender.blocking_send(Key(key)).is_err() {
                    return;
                }
            }
        });
    }
    keys
}

/// The screen, until it is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    /// How the terminal took its input before.
    before: Option<Termios>,
    is_coloured: bool,
}

impl Screen {
    pub(super) fn enter() -> io::Result<Self> {
        let is_coloured = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        let mut screen = Self { before: None, is_coloured };
        if io::stdin().is_terminal() {
            let before = tcgetattr(io::stdin())?;
            let mut keys = before.clone();
            // Each key at once, unseen; and what would stop or end us is a key, so that the screen is left first.
            keys.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            tcsetattr(io::stdin(), OptionalActions::Now, &keys)?;
            screen.before = Some(before);
        }
        leave_before_a_panic_is_told();
        write(ENTER)?;
        Ok(screen)
    }

    /// Draws these lines over what is there.
    pub(super) fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut frame = BEGIN.to_owned();
        for (index, line) in lines.iter().enumerate() {
            frame.push_str(if index > 0 { "\r\n" } else { "" });
            frame.push_str(&if self.is_coloured { line.clone() } else { strip_str(line).to_string() });
            frame.push_str("\u{1b}[K");
        }
        frame.push_str(END);
        write(&frame)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = write(LEAVE);
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// On the alternate screen, nobody would read it.
fn leave_before_a_panic_is_told() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let _ = write(LEAVE);
        tell(info);
    }));
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
