//! How many bytes all exchanges in flight may hold together.

use std::{cell::Cell, rc::Rc};

/// The bytes that are left, shared by the exchanges of one [`crate::Capture`]; below 0 where metadata took more.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Rc<Cell<isize>>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(signed(bytes))))
    }

    /// An empty share that grows as bytes are kept and gives them back when it is dropped.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), held: 0 }
    }
}

/// What one body, or the metadata of an exchange, holds of the budget.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    held: isize,
}

impl Share {
    /// Takes `bytes` more; whether there were as many left.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let fits = signed(bytes) <= self.budget.0.get();
        if fits {
            self.hold(bytes);
        }
        fits
    }

    /// Takes `bytes` more, whether there are as many left or not: bodies are then kept no longer.
    pub(crate) fn hold(&mut self, bytes: usize) {
        let bytes = signed(bytes);
        self.budget.0.set(self.budget.0.get().saturating_sub(bytes));
        self.held = self.held.saturating_add(bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.0.get().saturating_add(self.held));
    }
}

impl Share {
    /// Brings what it holds to `bytes` in all, whether there are as many left or not.
    pub(crate) fn hold_in_all(&mut self, bytes: usize) {
        self.hold(bytes.saturating_sub(usize::try_from(self.held).unwrap_or(0)));
    }
}

/// No allocation is larger than this.
fn signed(bytes: usize) -> isize {
    isize::try_from(bytes).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_share_held_comes_back_when_it_is_dropped() {
        let budget = Budget::new(10);
        let mut first = budget.share();
        assert!(first.grow(8));
        assert!(!budget.share().grow(3));
        drop(first);
        assert!(budget.share().grow(10));
    }

    #[test]
    fn what_is_held_without_asking_leaves_less_for_others() {
        let budget = Budget::new(10);
        let mut metadata = budget.share();
        metadata.hold(12);
        assert!(!budget.share().grow(1));
        drop(metadata);
        assert!(budget.share().grow(10));
    }
}
