//! How many bytes of bodies all exchanges in flight may hold together.

use std::{cell::Cell, rc::Rc};

/// The bytes that are left, shared by the exchanges of one [`crate::Capture`].
#[derive(Clone, Debug)]
pub(crate) struct Budget(Rc<Cell<usize>>);

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    /// An empty share that grows as bytes are kept and gives them back when it is dropped.
    pub(crate) fn share(&self) -> Share {
        Share { budget: self.clone(), held: 0 }
    }
}

/// What one body holds of the budget.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Budget,
    held: usize,
}

impl Share {
    /// Takes `bytes` more; whether there were as many left.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let left = self.budget.0.get();
        if bytes > left {
            return false;
        }
        self.budget.0.set(left - bytes);
        self.held += bytes;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.set(self.budget.0.get().saturating_add(self.held));
    }
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
}
