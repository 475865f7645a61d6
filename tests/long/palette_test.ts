import "../palette_test.ts?long";
