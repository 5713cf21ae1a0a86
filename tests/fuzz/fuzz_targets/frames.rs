#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some((choice, text)) = keywatt_fuzz::split(input) {
        keywatt_fuzz::frames(choice, text);
    }
});
