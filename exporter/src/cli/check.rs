//! `offpath check`: every error of every file.

use std::{path::PathBuf, process::ExitCode};

use super::{Failure, USAGE, print};
use crate::config;

pub(super) fn check(files: &[PathBuf]) -> Result<ExitCode, Failure> {
    let mut result = String::new();
    let mut is_good = true;
    for file in files {
        match config::load(Some(file), &config::environment) {
            Ok(_) => result.push_str(&format!("{}: ok\n", file.display())),
            Err(error) => {
                is_good = false;
                result.push_str(&format!("{}\n", error.to_string().trim_end()));
            }
        }
    }
    print(&result)?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}
