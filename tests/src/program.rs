//! Where the built program is, and what ./test.sh installs.

use std::path::PathBuf;

/// The `keywatt` binary: `KEYWATT_BIN`, else the one beside this test's executable.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn keywatt() -> PathBuf {
    if let Some(named) = std::env::var_os("KEYWATT_BIN") {
        let path = PathBuf::from(named);
        assert!(
            path.is_file(),
            "KEYWATT_BIN names `{}`, which is no file",
            path.display()
        );
        return path;
    }
    let test = std::env::current_exe().expect("the path of the test");
    // target/debug/deps/parity-… -> target/debug/keywatt
    let folder = test.ancestors().nth(2).expect("the folder of the build");
    let path = folder.join(format!("keywatt{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "`{}` is not built: run `cargo build -p keywatt` with the same target folder, or name \
         it in KEYWATT_BIN",
        path.display()
    );
    path
}

/// The Python with the clients: `KEYWATT_TEST_PYTHON`, else where `./test.sh` makes it.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn python() -> PathBuf {
    made("KEYWATT_TEST_PYTHON", ".cache/keywatt/venv/bin/python")
}

/// The npm packages: `KEYWATT_TEST_NODE_MODULES`, else where `./test.sh` puts them.
///
/// # Panics
/// When they are not there.
#[must_use]
pub fn node_modules() -> PathBuf {
    made(
        "KEYWATT_TEST_NODE_MODULES",
        ".cache/keywatt/node/node_modules",
    )
}

/// What ./test.sh installs.
fn made(variable: &str, usual: &str) -> PathBuf {
    let path = match (std::env::var_os(variable), std::env::home_dir()) {
        (Some(named), _) => PathBuf::from(named),
        (None, Some(home)) => home.join(usual),
        (None, None) => PathBuf::from(usual),
    };
    assert!(
        path.exists(),
        "`{}` is not there: ./test.sh installs it",
        path.display()
    );
    path
}
