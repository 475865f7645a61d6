import "../timing_test.ts?long";
