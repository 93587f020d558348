//! The load client: arguments in, a report out, and Python's signals in between.

use crate::argument::{Count, Seconds};
use crate::error::not_picklable;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use quitclaim_storm::{Error, Load, Login, Mode, Outcome, Password, Plan, Progress, Report, Storm};
use std::ops::ControlFlow;

/// Runs a storm of NTLM logins at a POP3 server on this machine.
#[pyfunction]
#[pyo3(signature = (address, /, *, username, password = "", domain = "", mode = "fail",
    connections = Count(64), attempts = Count(1000), per_connection = Count(1), timeout = Seconds(10.0),
    total_timeout = None, progress = None),
    text_signature = "(address, /, *, username, password='', domain='', mode='fail', connections=64, attempts=1000, \
        per_connection=1, timeout=10.0, total_timeout=None, progress=None)")]
#[expect(clippy::too_many_arguments, reason = "Python's are named")]
pub(crate) fn storm(
    py: Python<'_>,
    address: &str,
    username: &str,
    password: &str,
    domain: &str,
    mode: &str,
    connections: Count,
    attempts: Count,
    per_connection: Count,
    timeout: Seconds,
    total_timeout: Option<Seconds>,
    progress: Option<Py<PyAny>>,
) -> PyResult<StormReport> {
    let load = Load {
        mode: mode_of(mode)?,
        connections: fits_or_0(connections),
        attempts: fits_or_0(attempts),
        per_connection: fits_or_0(per_connection),
        timeout: timeout.of("timeout")?,
        total_timeout: total_timeout.map(|total| total.or_forever("total_timeout")).transpose()?,
    };
    let plan = Plan::new(address, &Login { username, password, domain }, load).map_err(value_error)?;
    let address = plan.address().to_string();
    let storm = Storm::new(plan).map_err(os_error)?;
    let tell = move |so_far: &Progress| {
        Python::attach(|py| {
            py.check_signals()?;
            let figures = (so_far.done, so_far.expected, so_far.unexpected());
            progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, figures).map(drop))
        })
    };
    let mut raised = None;
    let ran = py.detach(|| {
        storm.run(|so_far| match tell(so_far) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        })
    });
    match raised {
        Some(error) => Err(error),
        None => ran.map(|report| StormReport { report, address, load }).map_err(os_error),
    }
}

fn mode_of(name: &str) -> PyResult<Mode> {
    match name {
        "fail" => Ok(Mode::Fail),
        "ok" => Ok(Mode::Ok),
        "mixed" => Ok(Mode::Mixed),
        _ => Err(PyValueError::new_err("mode is \"fail\", \"ok\" or \"mixed\"")),
    }
}

/// What is too large for its type, or negative, is out of the plan's bounds too, and it says so.
fn fits_or_0<T: TryFrom<i64> + Default>(Count(count): Count) -> T {
    T::try_from(count).unwrap_or_default()
}

fn value_error(error: quitclaim_storm::InvalidPlan) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn os_error(error: Error) -> PyErr {
    match error {
        Error::Io(error) => error.into(),
        error => PyOSError::new_err(error.to_string()),
    }
}

/// What a storm did.
#[pyclass(frozen, module = "quitclaim.storm")]
pub(crate) struct StormReport {
    report: Report,
    address: String,
    load: Load,
}

#[pymethods]
impl StormReport {
    /// The server, as host and port.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// Which logins there were.
    #[getter]
    fn mode(&self) -> &'static str {
        match self.load.mode {
            Mode::Fail => "fail",
            Mode::Ok => "ok",
            Mode::Mixed => "mixed",
        }
    }

    /// Connections at once, at most.
    #[getter]
    fn connections(&self) -> usize {
        self.load.connections
    }

    /// Attempts on a connection, at most.
    #[getter]
    fn per_connection(&self) -> u32 {
        self.load.per_connection
    }

    /// Why it ended.
    #[getter]
    fn ending(&self) -> &'static str {
        self.report.ending.name()
    }

    /// Attempts that ended.
    #[getter]
    fn attempts(&self) -> u64 {
        self.report.attempts()
    }

    /// Attempts that ended as they should.
    #[getter]
    fn expected(&self) -> u64 {
        self.report.expected()
    }

    /// Attempts that ended as they should not.
    #[getter]
    fn unexpected(&self) -> u64 {
        self.report.unexpected()
    }

    /// Attempts by how they ended, with a wrong password and the right one.
    #[getter]
    fn outcomes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let outcomes = PyDict::new(py);
        for (name, password) in [("wrong password", Password::Wrong), ("right password", Password::Right)] {
            let counts = PyDict::new(py);
            for outcome in Outcome::ALL {
                counts.set_item(outcome.name(), self.report.count(password, outcome))?;
            }
            outcomes.set_item(name, counts)?;
        }
        Ok(outcomes)
    }

    /// How long attempts took that were answered.
    #[getter]
    fn latency<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let latency = PyDict::new(py);
        if let Some(found) = self.report.latency {
            let figures =
                [("p50", found.p50), ("p90", found.p90), ("p99", found.p99), ("p99.9", found.p999), ("max", found.max)];
            for (name, figure) in figures {
                latency.set_item(name, figure.as_secs_f64())?;
            }
        }
        Ok(latency)
    }

    /// Attempts a second.
    #[getter]
    fn rate(&self) -> f64 {
        self.report.rate()
    }

    /// How long all of it took.
    #[getter]
    fn wall(&self) -> f64 {
        self.report.wall.as_secs_f64()
    }

    /// The client's own processor time.
    #[getter]
    fn cpu(&self) -> f64 {
        self.report.cpu.as_secs_f64()
    }

    fn __repr__(&self) -> String {
        let (expected, unexpected) = (self.report.expected(), self.report.unexpected());
        format!("<StormReport {expected} as expected, {unexpected} not, {}>", self.report.ending)
    }

    /// Refuses to be pickled or copied.
    fn __reduce__(_slf: &Bound<'_, Self>) -> PyResult<()> {
        Err(not_picklable("StormReport", "quitclaim.storm.as_dict has what is in it"))
    }
}
