#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| quitclaim_fuzz::exchange(octets));
