import "../acquire_test.ts?long";
