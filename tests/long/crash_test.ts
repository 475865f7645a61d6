import "../crash_test.ts?long";
