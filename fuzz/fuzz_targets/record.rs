#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ablate_fuzz::formats::record::check(bytes));
