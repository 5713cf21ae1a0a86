//! Where the built program is.

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
