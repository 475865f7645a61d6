import "../samples_test.ts?long";
