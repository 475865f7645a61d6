import "../pixels_test.ts?long";
