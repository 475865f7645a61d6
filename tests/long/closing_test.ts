import "../closing_test.ts?long";
