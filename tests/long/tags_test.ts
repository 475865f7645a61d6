import "../tags_test.ts?long";
