import "../printed_test.ts?long";
