import "../finishing_test.ts?long";
