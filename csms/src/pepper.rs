//! The pepper: the key of all keyed hashes, kept in a file of its own.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};
use app::clock::{Random, SystemRandom};
use app::secret::Pepper;

/// Reads the pepper; makes one where there is none.
///
/// A lost pepper makes every API key, session and station password void, so it is never replaced
/// silently: a file that is there and wrong is an error.
pub(crate) fn read_or_make(path: &Path) -> anyhow::Result<Pepper> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text).with_context(|| format!("`{}`", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(error).with_context(|| format!("`{}`", path.display())),
    }
}

/// Reads the pepper of a database that is there.
pub(crate) fn read(path: &Path) -> anyhow::Result<Pepper> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the pepper `{}`", path.display()))?;
    parse(&text).with_context(|| format!("`{}`", path.display()))
}

fn make(path: &Path) -> anyhow::Result<Pepper> {
    let mut bytes = [0; 32];
    SystemRandom.fill(&mut bytes);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(mut file) => {
            writeln!(file, "{text}")
                .and_then(|()| file.sync_all())
                .with_context(|| format!("`{}`", path.display()))?;
            Ok(Pepper::new(bytes))
        }
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path)?;
            parse(&text).with_context(|| format!("`{}`", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("`{}`", path.display())),
    }
}

fn parse(text: &str) -> anyhow::Result<Pepper> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        bail!("the pepper is not 64 hexadecimal characters");
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        let digits = text.get(index * 2..index * 2 + 2).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16)
            .context("the pepper is not 64 hexadecimal characters")?;
    }
    Ok(Pepper::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pepper_is_made_once_and_a_broken_one_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        read_or_make(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        read_or_make(&path).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, "short").unwrap();
        assert!(read_or_make(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }
}
