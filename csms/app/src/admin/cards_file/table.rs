//! The text of a list of people and their cards: CSV with a header line, `,` or `;`, UTF-8.

use csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{CredentialKind, CredentialState};

use crate::FieldError;
use crate::card::fault_of_value;

/// Lines at most, without the header.
pub(super) const ROWS: usize = 10_000;
/// UTF-8 with a mark, as spreadsheets write it.
const MARK: &[u8] = b"\xEF\xBB\xBF";
/// Cells a spreadsheet would take for a formula get this in front.
const GUARD: char = '\'';

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Email,
    Phone,
    ExternalId,
    Card,
    CardKind,
    CardName,
    CardState,
    ValidFrom,
    ValidUntil,
}

impl Column {
    /// Every column, in the order of an export.
    pub(super) const ALL: [Column; 10] = [
        Column::Name,
        Column::Email,
        Column::Phone,
        Column::ExternalId,
        Column::Card,
        Column::CardKind,
        Column::CardName,
        Column::CardState,
        Column::ValidFrom,
        Column::ValidUntil,
    ];

    /// Its name in the header.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Column::Name => "name",
            Column::Email => "email",
            Column::Phone => "phone",
            Column::ExternalId => "external_id",
            Column::Card => "card",
            Column::CardKind => "card_kind",
            Column::CardName => "card_name",
            Column::CardState => "card_state",
            Column::ValidFrom => "valid_from",
            Column::ValidUntil => "valid_until",
        }
    }
}

/// A line, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    /// Its number in the file; the header is 1.
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) card: Option<CardLine>,
    pub(super) faults: Vec<FieldError>,
}

/// The card of a line.
#[derive(Clone, PartialEq)]
pub(super) struct CardLine {
    pub(super) value: String,
    pub(super) kind: CredentialKind,
    pub(super) name: String,
    pub(super) state: CredentialState,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
}

impl std::fmt::Debug for CardLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardLine({})", model::mask(&self.value))
    }
}

/// Reads a file.
///
/// # Errors
/// What is wrong with the file as a whole; what is wrong with a line is in the line.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Line>, FieldError> {
    let whole = |code, message: &str| FieldError::new("body", code, message);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        let message = "this is UTF-16; save the file as CSV in UTF-8";
        return Err(whole("encoding", message));
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    let count = |wanted: u8| header.iter().filter(|byte| **byte == wanted).count();
    let separator = if count(b';') > count(b',') {
        b';'
    } else {
        b','
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    let unreadable = |_| whole("invalid", "this is not CSV");
    if !reader.read_byte_record(&mut record).map_err(unreadable)? {
        return Err(whole(
            "required",
            "the file is empty; begin with a header line",
        ));
    }
    let columns = columns(&record)?;
    let mut lines = Vec::new();
    let mut place = Place::default();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        if lines.len() == ROWS {
            return Err(whole("too_long", "at most 10,000 lines; split the file"));
        }
        let offset = record.position().map_or(0, csv::Position::byte);
        let number = place.line_of(bytes, offset);
        lines.push(line(number, &columns, &record));
    }
    Ok(lines)
}

/// Counts lines as an editor shows them: the reader's own count leaves out blank ones.
#[derive(Default)]
struct Place {
    offset: usize,
    newlines: u64,
}

impl Place {
    /// The line of the record before which the reader stood at an offset; offsets only rise.
    fn line_of(&mut self, bytes: &[u8], offset: u64) -> u64 {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let ahead = bytes.get(offset..).unwrap_or_default().iter();
        let blank = ahead.take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let begin = offset.saturating_add(blank.count());
        let passed = bytes.get(self.offset..begin).unwrap_or_default().iter();
        let newlines = passed.filter(|byte| **byte == b'\n').count();
        self.newlines += u64::try_from(newlines).unwrap_or(0);
        self.offset = begin;
        self.newlines + 1
    }
}

fn columns(header: &ByteRecord) -> Result<Vec<Column>, FieldError> {
    let fault = |code, message: String| Err(FieldError::new("header", code, message));
    let mut columns = Vec::new();
    for cell in header {
        let Ok(name) = std::str::from_utf8(cell) else {
            return fault("encoding", "save the file as CSV in UTF-8".to_owned());
        };
        let wanted = name.trim().to_ascii_lowercase();
        let Some(column) = Column::ALL.into_iter().find(|known| known.name() == wanted) else {
            let known: Vec<_> = Column::ALL.iter().map(|column| column.name()).collect();
            let shown: String = name.chars().take(40).collect();
            let message = format!("`{shown}` is none of {}", known.join(", "));
            return fault("unknown", message);
        };
        if columns.contains(&column) {
            return fault("duplicate", format!("`{wanted}` is there twice"));
        }
        columns.push(column);
    }
    if columns.contains(&Column::ExternalId) || columns.contains(&Column::Email) {
        Ok(columns)
    } else {
        let message = "`external_id` or `email` tells who is there already; have one of them";
        fault("required", message.to_owned())
    }
}

fn line(number: u64, columns: &[Column], record: &ByteRecord) -> Line {
    let mut line = Line {
        number,
        ..Line::default()
    };
    if record.len() != columns.len() {
        let message = format!("{} cells under {} columns", record.len(), columns.len());
        line.fault("line", "invalid", message);
        return line;
    }
    let mut cells = Cells::default();
    for (column, cell) in columns.iter().zip(record) {
        match std::str::from_utf8(cell) {
            Ok(text) => cells.0.push((*column, plain(text))),
            Err(_) => line.fault(column.name(), "encoding", "not UTF-8".to_owned()),
        }
    }
    line.name = cells.text(Column::Name).unwrap_or_default();
    line.email = cells.text(Column::Email);
    line.phone = cells.text(Column::Phone);
    line.external_id = cells.text(Column::ExternalId);
    if line.faults.is_empty() && line.email.is_none() && line.external_id.is_none() {
        let message = "say who it is by external_id or email";
        line.fault("external_id", "required", message.to_owned());
    }
    if let Some(value) = cells.text(Column::Card) {
        line.card = card(value, &cells, &mut line.faults);
    } else {
        for column in [
            Column::CardKind,
            Column::CardName,
            Column::CardState,
            Column::ValidFrom,
            Column::ValidUntil,
        ] {
            if cells.text(column).is_some() {
                let message = "there is no card in this line".to_owned();
                line.fault(column.name(), "invalid", message);
            }
        }
    }
    line
}

fn card(value: String, cells: &Cells, faults: &mut Vec<FieldError>) -> Option<CardLine> {
    let before = faults.len();
    let mut fault = |column: Column, code, message: &str| {
        faults.push(FieldError::new(column.name(), code, message));
    };
    let kind = match cells.text(Column::CardKind).as_deref() {
        None | Some("rfid") => CredentialKind::Rfid,
        Some("key") => CredentialKind::Key,
        Some("emaid") => CredentialKind::Emaid,
        Some(_) => {
            fault(Column::CardKind, "unknown", "one of rfid, key, emaid");
            CredentialKind::Rfid
        }
    };
    let state = match cells.text(Column::CardState).as_deref() {
        None | Some("active") => CredentialState::Active,
        Some("suspended") => CredentialState::Suspended,
        Some("lost") => CredentialState::Lost,
        Some(_) => {
            fault(
                Column::CardState,
                "unknown",
                "one of active, suspended, lost",
            );
            CredentialState::Active
        }
    };
    let mut time = |column: Column| {
        let text = cells.text(column)?;
        let time = time_of(&text);
        if time.is_none() {
            let message = "use 2026-11-24 or 2026-11-24T12:00:00Z";
            fault(column, "invalid", message);
        }
        time
    };
    let (valid_from, valid_until) = (time(Column::ValidFrom), time(Column::ValidUntil));
    if is_rounded(&value) {
        let message = "a spreadsheet has rounded this number; format the column as text";
        fault(Column::Card, "rounded", message);
    } else if value.contains('…') {
        let message = "this number is masked, as in an export without numbers";
        fault(Column::Card, "masked", message);
    } else if let Some((code, message)) = fault_of_value(kind, &value) {
        fault(Column::Card, code, message);
    }
    (faults.len() == before).then(|| CardLine {
        value,
        kind,
        name: cells.text(Column::CardName).unwrap_or_default(),
        state,
        valid_from,
        valid_until,
    })
}

/// RFC 3339, or a date: the begin of that day in UTC.
fn time_of(text: &str) -> Option<Timestamp> {
    let day = || {
        let day: Date = text.parse().ok()?;
        let begin = day.to_zoned(TimeZone::UTC).ok()?;
        // Only a plain date: a time without an offset is no instant.
        (text.len() == 10).then(|| begin.timestamp())
    };
    text.parse().ok().or_else(day)
}

/// `1.00E+09`: what is left of a long number in a column of numbers.
fn is_rounded(text: &str) -> bool {
    let Some((digits, power)) = text.to_ascii_uppercase().split_once("E+").map(|(a, b)| {
        let digits = a.replace([',', '.'], "");
        (digits, b.to_owned())
    }) else {
        return false;
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    number(&digits) && number(&power)
}

impl Line {
    pub(super) fn fault(&mut self, field: &str, code: &'static str, message: String) {
        self.faults.push(FieldError::new(field, code, message));
    }
}

#[derive(Default)]
struct Cells(Vec<(Column, String)>);

impl Cells {
    /// What is in a column, if it is there and not empty.
    fn text(&self, column: Column) -> Option<String> {
        let (_, text) = self.0.iter().find(|(known, _)| *known == column)?;
        (!text.is_empty()).then(|| text.clone())
    }
}

/// A cell without blanks around it, and without the guard an export puts before a formula.
fn plain(cell: &str) -> String {
    let text = cell.trim();
    match text.strip_prefix(GUARD) {
        Some(rest) if is_guarded(rest) => rest.trim().to_owned(),
        Some(_) | None => text.to_owned(),
    }
}

/// A cell as it may stand in a file that is opened with a spreadsheet.
pub(super) fn guarded(text: &str) -> String {
    if is_guarded(text) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// Whether a cell gets a guard: a formula, and what would be one without the guards before it,
/// so that one guard can be taken off again.
fn is_guarded(text: &str) -> bool {
    is_formula(text.trim_start_matches(GUARD))
}

/// What spreadsheets take for a formula or a command.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start()
            .starts_with(['=', '+', '-', '@', '|', '%'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        read(text.as_bytes()).unwrap()
    }

    fn faults(text: &str) -> Vec<(u64, String, &'static str)> {
        lines(text)
            .into_iter()
            .flat_map(|line| {
                let number = line.number;
                line.faults
                    .into_iter()
                    .map(move |fault| (number, fault.field, fault.code))
            })
            .collect()
    }

    fn refused(bytes: &[u8]) -> (String, &'static str) {
        let fault = read(bytes).unwrap_err();
        (fault.field, fault.code)
    }

    #[test]
    fn commas_and_semicolons_with_and_without_mark_are_read_alike() {
        let comma =
            "name,email,card\nAnn,ann@example.com,04A1B2C3\n\n\"Bob, Jr.\",b@example.com,\n";
        let semicolon = "\u{feff}Name; EMAIL ;card\r\nAnn;ann@example.com;04A1B2C3\r\n;;\r\nBob, Jr.;b@example.com;\r\n";
        let (one, other) = (lines(comma), lines(semicolon));
        assert_eq!(one.len(), 2);
        assert_eq!(one[0].card.as_ref().unwrap().value, "04A1B2C3");
        assert_eq!((one[0].number, one[1].number), (2, 4));
        assert_eq!(one[1].name, "Bob, Jr.");
        assert_eq!(one[1].card, None);
        assert_eq!(one, other);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_by_its_number_and_column() {
        let text = "external_id,name,card,card_kind,card_state,valid_from,valid_until\n\
            1,Ann,08A1B2C3,,,,\n\
            2,Bob,04A1B2C3,pin,gone,soon,2026-02-30\n\
            ,Cid,04A1B2C4,,,,\n\
            4,\"Two\nlines\",1.00E+09,,,,\n\
            5,Eve\n\
            6,Fay,,rfid,,,\n\
            7,Gil,04…D4,,,,\n\
            8,Hal,04A1B2C5,key,lost,2026-11-24,2026-12-24T12:00:00+01:00\n";
        assert_eq!(
            faults(text),
            [
                (2, "card".to_owned(), "random_uid"),
                (3, "card_kind".to_owned(), "unknown"),
                (3, "card_state".to_owned(), "unknown"),
                (3, "valid_from".to_owned(), "invalid"),
                (3, "valid_until".to_owned(), "invalid"),
                (4, "external_id".to_owned(), "required"),
                (5, "card".to_owned(), "rounded"),
                (7, "line".to_owned(), "invalid"),
                (8, "card_kind".to_owned(), "invalid"),
                (9, "card".to_owned(), "masked"),
            ]
        );
        let last = lines(text).pop().unwrap().card.unwrap();
        assert_eq!(last.state, CredentialState::Lost);
        assert_eq!(last.valid_from, "2026-11-24T00:00:00Z".parse().ok());
        assert_eq!(last.valid_until, "2026-12-24T11:00:00Z".parse().ok());
    }

    #[test]
    fn a_file_that_is_none_is_refused_as_a_whole() {
        for (bytes, field, code) in [
            (&b""[..], "body", "required"),
            (b"\xEF\xBB\xBF", "body", "required"),
            (b"\xFF\xFEn\0a\0", "body", "encoding"),
            (b"name,card\nAnn,04A1\n", "header", "required"),
            (b"email,mood\n", "header", "unknown"),
            (b"email,e-mail\n", "header", "unknown"),
            (b"email,EMAIL\n", "header", "duplicate"),
            (b"em\xE4il\n", "header", "encoding"),
            (b"{\"email\": 1}", "header", "unknown"),
        ] {
            assert_eq!(refused(bytes), (field.to_owned(), code), "{bytes:?}");
        }
        let many = format!("email\n{}", "a@example.com\n".repeat(ROWS + 1));
        assert_eq!(refused(many.as_bytes()), ("body".to_owned(), "too_long"));
        let most = format!("email\n{}", "a@example.com\n".repeat(ROWS));
        assert_eq!(lines(&most).len(), ROWS);
        // Latin-1 is told where it stands.
        let latin = read(b"email,name\na@example.com,M\xFCller\n").unwrap();
        assert_eq!(latin[0].faults[0].code, "encoding");
        assert_eq!(latin[0].faults[0].field, "name");
    }

    #[test]
    fn formulas_are_guarded_and_come_back() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+41791234567", "'+41791234567"),
            ("-x", "'-x"),
            ("@sum", "'@sum"),
            ("'=1", "''=1"),
            (" =1+1", "' =1+1"),
            ("O'Neil", "O'Neil"),
            ("'s", "'s"),
        ] {
            assert_eq!(guarded(text), cell);
        }
        assert_eq!(plain("'+41791234567"), "+41791234567");
        assert_eq!(plain("'''=1"), "''=1");
        assert_eq!(plain(" 's "), "'s");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let mut with_header = b"email,card\n".to_vec();
            with_header.extend(bytes);
            let lines = read(&with_header).unwrap();
            prop_assert!(lines.iter().all(|line| line.number >= 2));
        }

        #[test]
        fn no_cell_of_an_export_is_a_formula(text in "[=+@'|%a-]{0,6}") {
            let cell = guarded(&text);
            prop_assert!(!is_formula(&cell), "{}", cell);
            prop_assert_eq!(plain(&cell), text.trim());
        }
    }
}
