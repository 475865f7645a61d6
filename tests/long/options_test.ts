import "../options_test.ts?long";
