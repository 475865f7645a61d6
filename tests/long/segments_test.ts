import "../segments_test.ts?long";
