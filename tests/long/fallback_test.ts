import "../fallback_test.ts?long";
