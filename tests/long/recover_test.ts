import "../recover_test.ts?long";
