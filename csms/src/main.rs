//! The `keywatt` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    keywatt::run()
}
