import "../chapters_test.ts?long";
