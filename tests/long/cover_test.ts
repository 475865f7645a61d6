import "../cover_test.ts?long";
