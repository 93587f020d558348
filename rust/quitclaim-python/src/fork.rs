//! What a fork does: the child's tables forget what is the parent's.

use crate::stepping;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use quitclaim::Table;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

type Tables = Vec<Weak<Table<Py<PyAny>>>>;

/// Every table of this process.
static TABLES: Mutex<Tables> = Mutex::new(Vec::new());

thread_local! {
    /// The lock, while this thread forks: a child must not inherit it from a thread that it does not have.
    static HELD: RefCell<Option<MutexGuard<'static, Tables>>> = const { RefCell::new(None) };
}

/// Asks Python to call this file's three functions around each fork. Called once, at import.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let hooks = PyDict::new(py);
    hooks.set_item("before", wrap_pyfunction!(before_fork, py)?)?;
    hooks.set_item("after_in_parent", wrap_pyfunction!(after_fork_in_parent, py)?)?;
    hooks.set_item("after_in_child", wrap_pyfunction!(after_fork_in_child, py)?)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&hooks))?;
    Ok(())
}

/// Sees to it that this table forgets what it holds in a forked child.
pub(crate) fn watch(py: Python<'_>, table: &Arc<Table<Py<PyAny>>>) {
    let insert = |tables: &mut Tables| {
        tables.retain(|known| known.strong_count() > 0);
        tables.push(Arc::downgrade(table));
    };
    // A table may be made by another hook of this very fork.
    HELD.with_borrow_mut(|held| match held {
        Some(tables) => insert(tables),
        None => insert(&mut lock(py)),
    });
}

fn lock(py: Python<'_>) -> MutexGuard<'static, Tables> {
    // Detached while it waits: who forks holds this lock across other hooks, which may let go of the GIL.
    TABLES.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
}

#[pyfunction]
fn before_fork(py: Python<'_>) {
    let tables = lock(py);
    HELD.set(Some(tables));
}

#[pyfunction]
fn after_fork_in_parent() {
    HELD.take();
}

#[pyfunction]
fn after_fork_in_child() {
    stepping::others_are_gone();
    if let Some(tables) = HELD.take() {
        for table in tables.iter().filter_map(Weak::upgrade) {
            table.forget_all();
        }
    }
}
