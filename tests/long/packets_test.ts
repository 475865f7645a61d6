import "../packets_test.ts?long";
