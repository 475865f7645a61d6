import "../permissions_test.ts?long";
