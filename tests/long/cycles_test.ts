import "../cycles_test.ts?long";
