import "../fuzz_test.ts?long";
